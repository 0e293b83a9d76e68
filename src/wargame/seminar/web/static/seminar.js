// One page of a seminar. The server holds the game; this file keeps three promises:
// what is shown follows the server, what is typed is never lost, nothing is sent without our pass.
"use strict";

const page = document.body.dataset;
const part = document.getElementById("part");
const said = document.getElementById("said");
const line = document.getElementById("line");
const PASS = `pass ${page.role}`;
const memory = window.sessionStorage; // of this tab and this port; no cookie, nothing ambient

const pass = () => memory.getItem(PASS);
const fresh = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

function announce(text, kind = "bad") {
  said.replaceChildren();
  const paragraph = document.createElement("p");
  paragraph.className = kind;
  paragraph.textContent = text;
  said.append(paragraph);
}

// ------------------------------------------------------------------ what the forms say

// "orders.0.move" -> {orders: [{move: ...}]}. An empty optional field is left out.
function spoken(form) {
  const data = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.type === "submit") continue;
    if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
    const kind = field.dataset.kind || "";
    if (!field.value && kind.includes("optional")) continue;
    let value = field.value;
    if (kind.includes("number")) value = !value && kind.includes("none") ? null : Number(value);
    if (kind.includes("yes")) value = value === "true";
    if (kind.includes("words")) value = value.split(/\s*[,、\n]\s*/).filter(Boolean);
    if (kind.includes("pairs")) value = pairs(value);
    if (kind.includes("order")) value = ordered(value);
    const path = field.name.split(".");
    let at = data;
    path.slice(0, -1).forEach((key, i) => {
      at = at[key] ??= /^\d+$/.test(path[i + 1]) ? [] : {};
    });
    const last = path.at(-1);
    if (last.endsWith("[]")) (at[last.slice(0, -2)] ??= []).push(value);
    else at[last] = value;
  }
  return data;
}

// "front.momentum: +50", one a line.
const pairs = (text) =>
  Object.fromEntries(
    text.split("\n").filter((row) => row.trim()).map((row) => {
      const [, name, change] = row.match(/^\s*(.*?)\s*[:：]\s*(.*?)\s*$/) ?? [, row.trim(), ""];
      return [name, change];
    }),
  );

// "usa/private_warning"
const ordered = (text) => ({ [text.split("/")[0]]: [text.split("/")[1]] });

// Which page wrote this draft, and out of which one it grew: another page's words are not pushed out.
function drafted(form) {
  form.dataset.writer ||= fresh();
  return { ...spoken(form), writer: form.dataset.writer, base: Number(form.dataset.base) };
}

// An answer that was lost on its way is asked for again under the same key, and done once.
function request(form, where) {
  const data = form.dataset.draft === undefined ? spoken(form) : drafted(form);
  const body = JSON.stringify([where, data]);
  if (form.dataset.body !== body) {
    form.dataset.body = body;
    form.dataset.key = fresh();
  }
  const said = { key: form.dataset.key, data };
  if (form.dataset.turn) said.turn = Number(form.dataset.turn);
  // What the facilitator has seen: who steers on an older picture is told to look again.
  const helm = document.getElementById("helm");
  if (helm) said.revision = Number(helm.dataset.revision);
  return JSON.stringify(said);
}

document.addEventListener("htmx:before:request", (event) => {
  const { request: sent } = event.detail.ctx;
  if (pass()) sent.headers["Authorization"] = `Bearer ${pass()}`;
  if (sent.method !== "POST") return;
  sent.headers["Content-Type"] = "application/json";
  sent.body = request(sent.form, sent.action);
  clearTimeout(waiting.get(sent.form.id)); // what is handed in needs no draft
  if (sent.form.dataset.slow !== undefined) {
    sent.timeout = 0; // hundreds of futures take their time
    announce(page.counting, "note");
  }
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const { status, headers } = ctx.response;
  if (ctx.request.method === "GET" && status === 200) {
    shown = headers.get("x-revision") ?? "";
    clock = { left: Number(headers.get("x-left")), runs: headers.get("x-running") === "1", at: performance.now() };
  }
  if (status === 401) leave();
  if (ctx.request.method !== "POST") return;
  const form = ctx.request.form;
  if (status < 300 && form) {
    delete form.dataset.body;
    memory.removeItem(kept(form));
    if (form.dataset.draft === undefined) form.reset();
    const helm = document.getElementById("helm");
    if (helm && headers.has("x-helm")) helm.dataset.revision = headers.get("x-helm");
    form.closest("dialog")?.close();
  }
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx.request.method === "POST") announce(page.unsent);
});

// A page that was refused must not replace the one that people are typing in.
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.request.method === "GET" && ctx.response.status >= 400) event.preventDefault();
});

// ------------------------------------------------------------------ typing is never lost

const kept = (form) => `typed ${page.role} ${form.dataset.keep ?? form.id}`;

function written(form) {
  return [...form.elements]
    .filter((field) => field.name && field.type !== "hidden" && field.type !== "submit")
    .map((field) => [field.name, field.value, field.checked ?? false]);
}

function restore(form) {
  if (form.dataset.restored) return;
  form.dataset.restored = "1";
  const stored = memory.getItem(kept(form));
  if (stored === null) return;
  for (const [name, value, checked] of JSON.parse(stored)) {
    for (const field of form.elements) {
      if (field.name !== name) continue;
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.value === value) field.checked = checked;
      } else if (field.tagName !== "SELECT" || [...field.options].some((o) => o.value === value)) {
        field.value = value;
      }
    }
  }
  if (form.dataset.draft !== undefined) save(form);
}

const waiting = new Map();

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.id) return;
  memory.setItem(kept(form), JSON.stringify(written(form)));
  if (form.dataset.draft === undefined) return;
  tell(form, page.unsaved);
  clearTimeout(waiting.get(form.id));
  waiting.set(form.id, setTimeout(() => save(form), 400));
});

function tell(form, text) {
  const state = form.querySelector("[data-saved]");
  if (state) state.textContent = text;
}

async function save(form) {
  const text = JSON.stringify(written(form));
  let answer;
  try {
    answer = await fetch(`/do/draft?lang=${page.lang}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${pass()}` },
      body: JSON.stringify({ key: fresh(), turn: Number(form.dataset.turn), data: drafted(form) }),
    });
  } catch {
    tell(form, page.unsaved); // the next hello of the server saves it
    return;
  }
  if (!answer.ok) {
    tell(form, page.unsaved);
    return;
  }
  // Words typed in the meantime are still only here.
  if (JSON.stringify(written(form)) === text) {
    memory.removeItem(kept(form));
    tell(form, page.saved);
  }
}

// A turn that moved on takes its form away, but not the words in it.
function rescue() {
  const list = document.getElementById("kept");
  if (!list) return;
  for (const key of Object.keys(memory)) {
    const prefix = `typed ${page.role} orders-`;
    if (!key.startsWith(prefix) || document.querySelector(`[data-keep="${CSS.escape(key.slice(`typed ${page.role} `.length))}"]`)) continue;
    const words = JSON.parse(memory.getItem(key)).map(([, value]) => value).filter(Boolean);
    memory.removeItem(key);
    if (!words.length) continue;
    const item = document.createElement("li");
    item.textContent = words.join(" · ");
    list.append(item);
    list.closest("details").hidden = false;
  }
}

function settle() {
  document.querySelectorAll("form[id]").forEach(restore);
  rescue();
  tick();
}

// What people opened or closed stays so; what they did not touch follows the server.
document.addEventListener("click", (event) => {
  const summary = event.target.closest("summary");
  if (summary) summary.parentElement.dataset.touched = "1";
});

const OURS = new Set(["data-touched", "data-restored", "data-body", "data-key", "data-writer"]);

htmx.registerExtension("seminar", {
  "htmx_before_morph_attr": (element, { attrName: name }) =>
    !(OURS.has(name) ||
      (name === "open" && (element.tagName === "DIALOG" || element.dataset.touched))),
});

// ------------------------------------------------------------------ following the server

let shown = "";
let wanted = "";
let loading = false;
let socket = null;
let patience = 500;

function follow() {
  if (loading || wanted === shown || !part) return;
  loading = true;
  htmx.trigger(part, "revision");
}

document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.sourceElement !== part) return;
  loading = false;
  settle();
  // Failed: the socket's next word will ask again. Overtaken: ask again now.
  if (event.detail.ctx.response?.status === 200) follow();
});

function connect() {
  if (!pass()) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/nudge`);
  socket.onopen = () => socket.send(JSON.stringify({ pass: pass(), whose: page.whose }));
  socket.onmessage = (event) => {
    patience = 500;
    line.dataset.state = "here";
    line.textContent = page.connected;
    wanted = JSON.parse(event.data).revision;
    follow();
    document.querySelectorAll("form[data-draft]").forEach((form) => {
      if (memory.getItem(kept(form)) !== null) save(form);
    });
  };
  socket.onclose = (event) => {
    socket = null;
    if (event.code === 4401) return leave();
    line.dataset.state = "away";
    line.textContent = page.away;
    setTimeout(reconnect, patience * (0.5 + Math.random() / 2));
    patience = Math.min(patience * 1.6, 4000);
  };
}

function reconnect() {
  if (!socket) connect();
}
window.addEventListener("online", reconnect);
document.addEventListener("visibilitychange", () => document.hidden || reconnect());

function leave() {
  memory.removeItem(PASS);
  location.assign(`/join?lang=${page.lang}&again=1`);
}

// ------------------------------------------------------------------ clocks

let clock = { left: 0, runs: false, at: 0 };

function tick() {
  const gone = clock.runs ? performance.now() - clock.at : 0;
  const left = Math.max(0, Math.ceil((clock.left - gone) / 1000));
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  for (const face of document.querySelectorAll("[data-clock]")) {
    if (face.textContent !== text) face.textContent = text;
    face.classList.toggle("late", left <= 60);
  }
}
setInterval(tick, 500);

// ------------------------------------------------------------------ small things

// Good news goes by itself: what came of it stands on the page. Bad news stays.
let news = 0;
new MutationObserver(() => {
  clearTimeout(news);
  if (said.querySelector(".good") && !said.querySelector(".code, .note"))
    news = setTimeout(() => said.replaceChildren(), 8000);
}).observe(said, { childList: true });

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-opens], button[data-closes], button[data-fetch], button[data-choose]");
  if (!button) return;
  if (button.dataset.opens) open(document.getElementById(button.dataset.opens), button.dataset.event, button.dataset.told);
  if (button.dataset.closes !== undefined) button.closest("dialog").close();
  if (button.dataset.choose) choose(button);
  if (button.dataset.fetch) {
    const answer = await fetch(button.dataset.fetch, { headers: { Authorization: `Bearer ${pass()}` } });
    if (!answer.ok) return announce(await answer.text());
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = button.dataset.name;
    link.click();
    URL.revokeObjectURL(link.href);
  }
});

// A question about one event, or about one seat.
function open(dialog, which, told = which) {
  if (which) {
    dialog.querySelector("[name=event], [name=role]").value = which;
    dialog.querySelector("output").textContent = told;
  }
  dialog.showModal();
}

// A move of the sheet goes into the first free line of the orders.
function choose(button) {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const lines = [...form.querySelectorAll("select[data-move]")];
  const place = lines.find((select) => !select.value) ?? lines[0];
  place.value = button.dataset.choose;
  place.dispatchEvent(new Event("input", { bubbles: true }));
  place.focus();
}

// The language is a link; what was typed has been kept above.
if (part) {
  if (pass()) {
    connect();
  } else {
    leave();
  }
}
