"""Many runs to answer one question: planned, journalled, played anywhere, never lost."""
