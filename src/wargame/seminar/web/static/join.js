// The door: a code, from the link's "#" or typed, is changed into a pass for this tab.
"use strict";

const form = document.getElementById("join");
const said = document.getElementById("said");
const code = form.elements.code;

if (location.hash.length > 1) {
  code.value = decodeURIComponent(location.hash.slice(1));
  // A code in the address bar could be read over a shoulder or land in a bookmark.
  history.replaceState(null, "", location.pathname + location.search);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  said.textContent = "";
  let answer;
  try {
    answer = await fetch(`/join?lang=${document.body.dataset.lang}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code: code.value }),
    });
  } catch {
    said.textContent = document.body.dataset.unsent;
    return;
  }
  const word = await answer.json();
  if (!answer.ok) {
    said.textContent = word.message;
    code.focus();
    return;
  }
  sessionStorage.setItem(`pass ${word.role}`, word.pass);
  location.assign(`${word.page}?lang=${document.body.dataset.lang}`);
});
