"""Turns records into what people read: sentences, figures, pages."""
