"use strict";
// A bare page that plays: each call of the machine once, with the plainest of controls. What it
// plays, it plays in a worker (remote.js), which can be stopped and started anew at any time, for
// the worlds are kept here.
(() => {
  const $ = (id) => document.getElementById(id);
  const given = JSON.parse($("data").textContent);
  const RUNNING = -1, NO_MOVE = -1;
  let lang = given.lang;
  let remote, key;
  let course = [];     // the run, turn by turn, and the same with another order
  let other = null;    // {turn, course}
  let futures = null;  // {after, count, took, shares}: of the run, and of the other
  let seat = null;     // {actor, opening, offers, course}

  // ----------------------------------------------------------------------------- words

  const labels = () => given.labels[lang];
  const say = (name, values = {}) =>
    labels().words[name].replace(/\{(\w+)\}/g, (_, value) => values[value]);
  const list = (items) => items.join(say("comma"));
  const number = (value) => value.toLocaleString(lang);
  const fill = (row, cells, kind = "td") => {
    for (const text of cells) {
      const cell = document.createElement(kind);
      cell.textContent = text;
      if (typeof text === "number") cell.className = "number";
      row.append(cell);
    }
  };
  const table = (id, heads, rows) => {
    $(id).replaceChildren();
    if (!rows.length) return;
    fill($(id).createTHead().insertRow(), heads, "th");
    const body = $(id).createTBody();
    for (const cells of rows) fill(body.insertRow(), cells);
  };
  const options = (id, items, chosen = $(id).value) => {
    $(id).replaceChildren(...items.map(([value, text]) => new Option(text, value)));
    if (items.some(([value]) => String(value) === chosen)) $(id).value = chosen;
  };

  // ------------------------------------------------------------------------- the telling

  const news = ({happened}) =>
    list(labels().happenings.filter((_, slot) => happened[slot]));
  const deeds = ({given: moves, done}) => list([...moves].flatMap((move, k) => {
    const actor = Math.floor(k / given.orders);
    if (move === NO_MOVE || given.actors[actor].quiet.includes(move)) return [];
    const deed = say("deed", {actor: labels().actors[actor], move: labels().moves[actor][move]});
    return [done[k] ? deed : say("failed", {deed})];
  }));
  const over = (turns) => turns.at(-1).world.ending[0] !== RUNNING;
  const ending = (turns) => (!over(turns) ? "" : say("ended", {
    turn: turns.length - 1, ending: labels().endings[turns.at(-1).world.ending[0]],
  }));
  const rows = (turns) => turns.slice(1).map((turn, k) => [labels().turns[k + 1], news(turn), deeds(turn)]);
  const heads = () => [say("turn"), say("news"), say("orders")];
  const parts = (turns) =>
    turns.findIndex(({world}, k) => world.trail[0] !== course[k]?.world.trail[0]);
  const ladder = (cells) => list(given.dyads.map((row, k) =>
    say("rung", {dyad: labels().dyads[k], stage: Number(cells[row])})));

  function tell() {
    document.documentElement.lang = lang;
    document.title = $("title").textContent = labels().title;
    for (const node of document.querySelectorAll("[data-word]"))
      node.textContent = say(node.dataset.word);
    for (const node of document.querySelectorAll("[data-label]"))
      node.setAttribute("aria-label", say(node.dataset.label));
    const actors = labels().actors.map((name, k) => [k, name]);
    const turns = course.slice(1).map((_, k) => [k + 1, labels().turns[k + 1]]);
    options("other-turn", turns);
    options("other-actor", actors);
    options("seat-actor", actors);
    options("after", [[0, say("before_first")], ...turns.slice(0, -1)]);
    $("other").hidden = $("seat").hidden = !course.length || !actors.length;
    $("futures").hidden = !course.length;
    $("run-more").hidden = !course.length;
    $("run-end").textContent = course.length ? ending(course) : "";
    table("run-table", heads(), rows(course));
    tellOther();
    tellFutures();
    tellSeat();
  }

  function tellOther() {
    $("other-more").hidden = !other;
    $("other-parts").textContent = $("other-end").textContent = "";
    table("other-table", heads(), other ? rows(other.course) : []);
    if (!other) return;
    const turn = parts(other.course);
    $("other-parts").textContent = say(turn < 0 ? "nothing_differs" : "parts", {turn});
    $("other-end").textContent = ending(other.course);
  }

  function tellFutures() {
    if (!futures) {
      $("took").textContent = "";
      table("futures-table", [], []);
      return;
    }
    const {after, count, took, shares} = futures;
    $("took").textContent = say("took", {
      n: number(count * shares.length), turns: given.horizon - after, seconds: (took / 1000).toFixed(2),
    });
    const found = labels().endings.map((name, k) => [name, ...shares.map((of) => of[k])]);
    table("futures-table", [say("ending"), say("as_it_was"), say("otherwise")].slice(0, 1 + shares.length),
      found.filter(([, ...counts]) => counts.some(Boolean)));
  }

  function tellSeat() {
    $("turn-form").hidden = !seat || over(seat.course);
    $("seat-end").textContent = seat ? ending(seat.course) : "";
    table("seat-table", heads(), seat ? rows(seat.course).reverse() : []);
    if (!seat || over(seat.course)) return;
    const {actor, opening, offers} = seat;
    $("turn-h").textContent = labels().turns[opening.turn];
    $("seat-news").textContent = say("news_are", {news: news(opening) || say("nothing")});
    $("seat-ladder").textContent = given.dyads.length ? say("ladder_is", {ladder: ladder(opening.cells)}) : "";
    const chosen = [...$("seat-orders").querySelectorAll("select")].map((it) => it.value);
    $("seat-orders").replaceChildren(...Array.from({length: given.orders}, (_, k) => {
      const label = document.createElement("label"), select = document.createElement("select");
      const name = document.createElement("span");
      name.textContent = say("order", {n: k + 1});
      for (const [move, text] of open(actor, offers)) select.add(new Option(text, move));
      const usual = chosen[k] ?? given.actors[actor].quiet[0];
      if (usual !== undefined) select.value = usual;
      label.append(name, " ", select);
      return label;
    }));
  }

  /** The moves that an actor may make, with their titles. */
  const open = (actor, offers) =>
    labels().moves[actor].map((title, move) => [move, title]).filter(([move]) => offers[actor][move]);

  // ------------------------------------------------------------------------- the playing

  const call = (name, ...rest) => remote.call(name, rest);

  async function start() {
    remote = new Remote(given.script);
    await call("load", given.wasm, given.program, given.offers);
  }

  async function playRun() {
    key = await call("keyOf", $("seed").value);
    course = await call("course", key, Number($("run").value));
    other = futures = seat = null;
    tell();
    await offerMoves();
  }

  async function offerMoves() {
    const turn = Number($("other-turn").value), actor = Number($("other-actor").value);
    if (!turn || !given.actors.length) return;
    const offers = await call("offers", key, await call("open", key, course[turn - 1].world));
    options("other-move", open(actor, offers));
  }

  async function playOther() {
    const turn = Number($("other-turn").value);
    const moves = Array(given.orders).fill(null);
    moves[0] = Number($("other-move").value);
    const orders = {[turn]: {[$("other-actor").value]: moves}};
    const run = Number(course[0].world.runs[0]);
    other = {turn, course: await call("course", key, run, orders)};
    futures = null;
    tellOther();
    tellFutures();
  }

  async function playFutures() {
    const after = Number($("after").value), count = Number($("count").value);
    const luck = await call("keyOf", $("seed").value, `page.${after}`);
    const worlds = [course[after].world];
    const changed = other && other.turn <= after ? other.course[after] : null;
    if (changed && changed.world.ending[0] === RUNNING) worlds.push(changed.world);
    const began = performance.now(), shares = [];
    $("progress").max = count * worlds.length;
    $("progress").value = 0;
    $("stop").disabled = false;
    try {
      for (const world of worlds) {
        const told = await remote.call("futures", [luck, world, count], (done) => {
          $("progress").value = shares.length * count + done;
        });
        const counts = given.endings.map(() => 0);
        for (const end of told.ending) counts[end]++;
        shares.push(counts);
      }
    } finally {
      $("stop").disabled = true;
    }
    futures = {after, count, shares, took: performance.now() - began};
    tellFutures();
  }

  async function openTurn() {
    const turns = seat.course;
    if (over(turns)) return;
    const opening = await call("open", key, turns.at(-1).world);
    Object.assign(seat, {opening, offers: await call("offers", key, opening)});
  }

  async function takeSeat() {
    const run = Number(course[0].world.runs[0]);
    seat = {actor: Number($("seat-actor").value), course: [{world: await call("begin", key, [run])}]};
    $("seat-orders").replaceChildren();
    await openTurn();
    tellSeat();
    $("turn-h").focus();
  }

  async function endTurn() {
    const moves = [...$("seat-orders").querySelectorAll("select")].map((it) => Number(it.value));
    const quiet = given.actors[seat.actor].quiet;
    if (moves.some((move, k) => moves.indexOf(move) !== k && !quiet.includes(move)))
      throw new Error(say("twice"));
    const {opening} = seat;
    const closed = await call("close", key, opening, {[seat.actor]: moves});
    seat.course.push({happened: opening.happened, ...closed});
    $("seat-orders").replaceChildren();
    await openTurn();
    tellSeat();
    $(over(seat.course) ? "seat-actor" : "turn-h").focus();
  }

  // ---------------------------------------------------------------------------- controls

  let busy = Promise.resolve();  // one thing after another
  const does = (work, again = true) => (event) => {
    event?.preventDefault();
    busy = busy.then(async () => {
      if (again) $("status").className = $("status").textContent = "";
      try {
        await work();
      } catch (error) {
        $("status").className = "wrong";
        $("status").textContent = error.message;
      }
    });
  };
  $("run-form").onsubmit = does(playRun);
  $("other-form").onsubmit = does(playOther);
  $("futures-form").onsubmit = does(playFutures);
  $("seat-form").onsubmit = does(takeSeat);
  $("turn-form").onsubmit = does(endTurn);
  $("other-turn").onchange = $("other-actor").onchange = does(offerMoves);
  $("stop").onclick = () => {
    remote.end(say("stopped"));
    does(start, false)();  // and what has been said stands
  };
  $("lang").onchange = () => {
    lang = $("lang").value;
    tell();
    does(offerMoves)();
  };

  $("lang").value = lang;
  $("seed").value = given.seed;
  tell();
  does(async () => {
    await start();
    await playRun();
    document.body.dataset.ready = "";
  })();
})();
