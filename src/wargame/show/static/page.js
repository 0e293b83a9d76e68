"use strict";
// One replay in the browser. It shows what it was given and computes nothing about the run.
(() => {
  const given = JSON.parse(document.getElementById("data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const $ = (id) => document.getElementById(id);
  const state = {turn: 0, lens: "all", lang: given.lang, predict: given.predict, actor: "", asked: ""};
  const votes = new Map();
  let cache = [];        // what has been opened so far, turn by turn
  let opening = Promise.resolve();  // what is being opened: one after another, each once
  let shows = 0;         // how often something was to be shown: only the last is drawn to its end
  let timer = 0;
  let drawn = "";        // what the charts show: lens, language, how far

  // ---------------------------------------------------------------- where turns come from

  // The same lines as veil._mixed.
  const mix = (bytes, [one, other]) => {
    if (!one && !other) return bytes;
    const out = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i += 4) {
      let w = Math.imul(i / 4 + 1, 0x9E3779B9) ^ one;
      w = (Math.imul(w ^ (w >>> 16), 0x85EBCA6B) + other) | 0;
      w = Math.imul(w ^ (w >>> 13), 0xC2B2AE35);
      w ^= w >>> 16;
      for (let k = 0; k < 4 && i + k < bytes.length; k++) out[i + k] = bytes[i + k] ^ (w >>> (8 * k));
    }
    return out;
  };
  const unveil = async (blob, key) => {
    const bytes = mix(Uint8Array.from(atob(blob), (c) => c.charCodeAt(0)), key);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };
  const parse = (item) => {
    const found = {};
    return (name) => (found[name] ??= JSON.parse(item.parts[name]));
  };
  const file = {
    most: given.turns && given.turns.length - 1,
    async head() {
      const read = parse(await unveil(given.heads, [0, 0]));
      return async (name) => read(name);
    },
    async turn(t) {
      const item = await unveil(given.turns[t], t ? cache[t - 1].next : given.key);
      const read = parse(item);
      return {next: item.next, part: async (name) => read(name)};
    },
    vote: async () => true,
    again: async () => true,
  };
  const server = {
    most: given.most,    // null while a class predicts
    async ask(path, body) {
      const answer = await fetch(path, body === undefined ? {} : {
        method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    },
    async head() { return (name) => this.ask(`head/${name}`); },
    async turn(t) {
      const found = {};
      const part = async (name) => (found[name] ??= await this.ask(`turn/${t}/${name}`));
      await part(`${state.lens}/${state.lang}`);
      return {part};
    },
    async vote(turn, actor, cast) { await this.ask("vote", {turn, actor, votes: Object.fromEntries(cast)}); },
    async again(predict, turn) { this.most = (await this.ask("predict", {predict, turn})).most; },
  };
  const source = given.mode === "file" ? file : server;
  const name = () => `${state.lens}/${state.lang}`;
  const known = () => cache.length - 1;
  const reading = source.head();
  const heads = async (asked) => (await reading)(asked);
  const inOrder = (what) => {
    const done = opening.then(what);
    opening = done.catch(() => {});
    return done;
  };
  const open = (upTo) => inOrder(async () => {
    while (known() < Math.min(upTo, source.most ?? upTo)) cache.push(await source.turn(cache.length));
  });

  // ---------------------------------------------------------------- small helpers

  const h = (tag, props = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(props)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) {
        element.setAttribute(key, value === true ? "" : value);
      }
    }
    element.append(...inside.flat(Infinity).filter((x) => x || x === 0));
    return element;
  };
  const fill = (id, ...inside) => $(id).replaceChildren(...inside.flat(Infinity).filter(Boolean));
  const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const svg = (width, height, markup, label) => {
    const text = `<svg xmlns="${SVG}" viewBox="0 0 ${width} ${height}">${markup}</svg>`;
    const element = document.importNode(
      new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
    return element;
  };
  const sign = (width, height, markup) => {
    const element = svg(width, height, markup, "");
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
    element.setAttribute("aria-hidden", "true");
    return element;
  };
  const table = (caption, heads_, rows) => {
    const side = (i) => (typeof (rows[0] || [])[i] === "number" ? {class: "number"} : {});
    return h("table", {},
      h("caption", {class: "away"}, caption),
      h("thead", {}, h("tr", {}, heads_.map((x, i) => h("th", {scope: "col", ...side(i)}, x)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((x, i) =>
        (i ? h("td", side(i), String(x)) : h("th", {scope: "row"}, x)))))));
  };
  const arrow = (change) => (change > 0 ? "↑" : change < 0 ? "↓" : "");
  const cited = (text, from, words) => [text, from && h("small", {class: "source"}, ` ${words.source}: ${from}`)];

  // ---------------------------------------------------------------- drawing

  async function show() {
    const mine = ++shows;
    const late = () => mine !== shows;
    await open(state.turn);
    const head = await heads(name());
    if (late()) return;
    const turn = await cache[state.turn].part(name());
    const words = head.words;
    const sees = content();
    const slices = sees !== drawn && await Promise.all(cache.map(async (x) => (await x.part(name())).slices));
    const before = given.mode === "server" && state.turn && await Promise.all(
      [state.turn - 1, state.turn].map((t) => cache[t].part(`all/${state.lang}`)));
    if (late()) return;
    chrome(head, words, turn);
    if (slices) { charts(head, words, slices); drawn = sees; }
    cursor(head);
    guide(words, turn);
    odds(words, turn);
    events(head, words, turn);
    moved(words, turn);
    network(head, words, turn);
    why(head, words, turn);
    guess(head, words, turn);
    fork(head, words, before);
    story(words, turn);
    // What the server computes for this comes when it comes; the rest is there already.
    const original = given.parent && state.lens === "all" && !state.predict
      && (parted[state.lang] ??= await server.ask(`beside/${state.lang}`));
    const fate = original && usual && await usual(state.lang);
    if (late()) return;
    beside(head, words, original, fate);
    cursor(head);
  }

  function chrome(head, words, turn) {
    document.documentElement.lang = state.lang;
    document.title = `${head.title}: ${turn.title}`;
    $("title").textContent = head.title;
    $("about").textContent = head.about;
    for (const element of document.querySelectorAll("[data-word]")) {
      element.textContent = words[element.dataset.word];
    }
    for (const element of document.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", words[element.dataset.label]);
      element.title = words[element.dataset.label];
    }
    $("scrubber").setAttribute("aria-label", words.turn);
    const choice = JSON.stringify(head.lenses);
    if ($("lens").dataset.choice !== choice) {
      $("lens").dataset.choice = choice;
      fill("lens", Object.entries(head.lenses).map(([key, label]) => h("option", {value: key}, label)));
    }
    $("lens").value = state.lens;
    $("lang").value = state.lang;
    $("predict").textContent = state.predict ? words.predict_off : words.predict;
    $("predict").setAttribute("aria-pressed", String(state.predict));
    $("play").textContent = timer ? words.pause : words.play;
    const end = state.predict ? head.horizon : source.most;
    const range = $("range");
    range.max = end;
    range.value = state.turn;
    range.setAttribute("aria-valuetext", turn.title);
    $("first").disabled = $("back").disabled = state.turn === 0;
    $("forward").disabled = $("last").disabled = state.turn >= (state.predict ? known() : source.most);
    if ($("heading").textContent !== turn.title) $("heading").textContent = turn.title;
    fill("marks",
      (turn.milestones || []).map((x) => h("p", {class: "mark"},
        h("strong", {}, `${words.milestone}: ${x.title}`), " ", x.about)),
      turn.ending && h("p", {class: "mark"},
        h("strong", {}, `${words.ended}: ${turn.ending.title}`), " ", turn.ending.about));
    $("keys").textContent = words.keys;
    $("disclaimer").textContent = `${words.disclaimer} ${head.run}`;
    $("locked").textContent = given.mode === "file" ? words.locked_note : "";
    fill("notes", h("h3", {}, words.notes), [1, 2, 3, 4].map(() => h("div", {class: "line"})));
  }

  // The charts are drawn anew only when there is more to show, or another lens or language.
  const content = () => `${name()} ${known()} ${state.predict}`;
  function charts(head, words, shown) {
    const sizes = head.sizes;
    const columns = state.predict ? head.horizon + 1 : source.most + 1;
    fill("ladder", h("h3", {}, words.ladder), h("p", {class: "help"}, words.ladder_help),
      ladder("strip", head, columns, shown.map((x) => x.strip), words.ladder),
      h("div", {id: "rungs"}));
    $("odds").hidden = !head.frames.odds;
    if (head.frames.odds) {
      const lines = (x) => `<line x1="1" x2="33" y1="5" y2="5" stroke="${x.stroke}" stroke-width="3" stroke-dasharray="${x.dash}"/>`;
      fill("odds", h("h3", {}, words.odds),
        h("p", {class: "help"}, put(words.odds_help, {n: head.futures})),
        graph("odds", "area", head, columns, shown, words.odds),
        h("ul", {class: "legend"}, head.endings.map((x) => h("li", {},
          sign(12, 12, `<rect width="12" height="12" fill="${x.fill}" stroke="#333"/>`), x.title))),
        h("div", {id: "shares"}),
        h("h4", {}, words.risks), h("p", {class: "help"}, words.risks_help),
        graph("risks", "curves", head, columns, shown, words.risks),
        h("ul", {class: "legend lines"}, head.risks.map((x) => h("li", {}, sign(34, 10, lines(x)), x.title))));
    }
  }

  // A chart with a column for each turn, that scrolls sideways where it has no room.
  const scroll = (id, head, columns, height, markup, label) => {
    const column = head.sizes.column;
    const chart = svg(column * columns, height, `${markup}<rect class="cursor" y="0" height="${height}" `
      + `width="${column}"/>`, label);
    chart.style.setProperty("--columns", columns);
    chart.addEventListener("click", (event) => {
      const box = chart.getBoundingClientRect();
      go(Math.floor((event.clientX - box.left) / box.width * columns));
    });
    return h("div", {class: "scroll", id, tabindex: 0, role: "region", "aria-label": label}, chart);
  };
  const ladder = (id, head, columns, slices, label) => h("div", {class: "strip"},
    h("ul", {class: "pairs", "aria-hidden": "true"}, head.dyads.map((x) => h("li", {}, x))),
    scroll(id, head, columns, head.sizes.strip, slices.join(""), label));
  const graph = (kind, id, head, columns, shown, label) => {
    const tick = ([text, down]) => { const li = h("li", {}, text); li.style.top = down; return li; };
    const layer = (key) => shown.map((x) => x[key] || "").join("");
    return h("div", {class: "strip"},
      h("ul", {class: "axis", "aria-hidden": "true"}, head.axes[kind].map(tick)),
      scroll(id, head, columns, head.sizes[kind],
        layer(kind) + head.frames[kind] + layer(`${kind} marks`), label));
  };

  function cursor(head) {
    for (const mark of document.querySelectorAll(".cursor")) {
      const x = head.sizes.column * state.turn;
      mark.setAttribute("x", x);
      const box = mark.closest(".scroll");
      const scale = mark.ownerSVGElement.getBoundingClientRect().width
        / mark.ownerSVGElement.viewBox.baseVal.width;
      if (x * scale < box.scrollLeft || (x + head.sizes.column) * scale > box.scrollLeft + box.clientWidth) {
        box.scrollLeft = x * scale - box.clientWidth / 2;
      }
    }
  }

  function guide(words, turn) {
    $("guide").hidden = turn.turn > 0 || state.predict;
    fill("guide", h("h3", {}, words.guide), h("ul", {class: "guide"},
      [words.guide_step, words.guide_eyes, words.guide_why, words.guide_predict,
        given.mode === "server" && words.guide_fork].filter(Boolean).map((x) => h("li", {}, x))));
  }

  function odds(words, turn) {
    if (!$("shares")) return;
    fill("shares", (turn.turnings || []).map((x) => h("p", {}, x)), turn.odds && h("details", {}, h("summary", {}, words.as_table),
      table(words.odds, [words.ending, words.interval], turn.odds)));
  }

  function events(head, words, turn) {
    if (!turn.turn) {
      fill("events", h("p", {}, turn.beginning));
    } else {
      const how = (act) => [
        act.visible !== "public" && words[act.visible],
        act.by !== "rule" && words[`by_${act.by}`],
      ].filter(Boolean).map((x) => h("span", {class: "tag"}, x));
      const groups = Object.keys(head.actors).map((actor) => turn.acts.filter((x) => x.actor === actor));
      fill("events",
        turn.news.length && [h("h3", {}, words.news), h("ul", {class: "news"}, turn.news.map((x) => h("li", {},
          h("strong", {}, x.text), x.why && h("p", {class: "why"}, cited(x.why, x.source, words)))))],
        h("h3", {}, words.deeds),
        turn.acts.length ? h("ul", {class: "acts"}, groups.flat().map((x) => h("li", {class: x.direction},
          h("span", {class: "text"}, x.text), " ", how(x),
          x.why && h("p", {class: "why"}, cited(x.why, x.source, words)))))
          : h("p", {}, words.nothing));
    }
    $("rungs") && fill("rungs", h("details", {}, h("summary", {}, words.as_table),
      table(words.ladder, [words.pair, words.stage],
        turn.rungs.map((x) => [x.title, `${x.stage}${arrow(x.change)} ${x.name}`]))));
  }

  function moved(words, turn) {
    const rows = (turn.motions || []).map((x) => [x.title, x.before, x.after]);
    fill("moved", rows.length && [h("h3", {}, words.moved),
      table(words.moved, [words.gauge, words.before, words.after], rows)]);
    const unknowns = turn.unknowns || [];
    $("unknowns").hidden = !unknowns.length;
    fill("unknowns", unknowns.length && [h("h3", {}, words.unknowns),
      h("p", {class: "help"}, words.unknowns_help),
      table(words.unknowns, [words.gauge, words.value, words.unit], unknowns.map((x) => [x.title, x.value, x.unit]))]);
  }

  function network(head, words, turn) {
    const [width, height] = head.sizes.network;
    const key = (kind, dash) => [sign(34, 10,
      `<line x1="1" x2="33" y1="5" y2="5" class="${kind}" stroke-width="3" stroke-dasharray="${dash}"/>`), words[kind]];
    const acts = (turn.acts || []).filter((x) => x.aims.length);
    const lines = [key("escalate", ""), key("de-escalate", "9 5"), key("neutral", "2 4")];
    fill("network", Object.keys(head.actors).length && [h("h3", {}, words.network),
      h("p", {class: "help"}, words.network_help),
      svg(width, height, head.frames.network + (turn.slices.network || ""), words.network),
      h("ul", {class: "legend"}, lines.map((x) => h("li", {}, x))),
      acts.length && h("details", {}, h("summary", {}, words.as_table),
        table(words.network, [words.from, words.to, words.move, words.kind],
          acts.map((x) => [head.actors[x.actor], x.aims.join(", "), x.text, words[x.direction]])))]);
  }

  function why(head, words, turn) {
    const minds = turn.why || {};
    const actors = Object.keys(head.actors).filter((x) => minds[x]);
    if (!actors.length) {
      fill("why", turn.turn && [h("h3", {}, words.why), h("p", {}, words.hidden_why)]);
      return;
    }
    if (!actors.includes(state.actor)) state.actor = actors[0];
    const mind = minds[state.actor];
    const chosen = Object.fromEntries(mind.chosen.map((x) => [x.move, x.done]));
    const most = Math.max(1, ...mind.options.map((x) => x.weight));
    const rules = head.rules[state.actor];
    const reason = ([rule, amount]) => h("li", {}, h("b", {}, amount), " ",
      cited(rules[rule][0], rules[rule][1], words));
    const option = (x) => {
      const bar = h("span", {class: "bar"});
      bar.style.width = `${100 * x.weight / most}%`;
      const note = x.move in chosen ? (chosen[x.move] ? words.chosen : words.failed)
        : x.move === mind.runner_up ? words.runner_up : "";
      return h("li", {class: x.move in chosen ? "option chosen" : "option"},
        h("details", {open: x.move in chosen},
          h("summary", {}, h("span", {class: "label"}, head.moves[x.move],
            note && h("span", {class: "tag"}, note)),
          h("span", {class: "number"}, String(x.weight)), h("span", {class: "track", "aria-hidden": "true"}, bar)),
          x.voices.length ? h("ul", {class: "voices"}, h("li", {}, h("b", {}, String(x.base)), ` ${words.usual}`),
            x.voices.map(reason)) : h("p", {}, words.no_reasons)));
    };
    const open_ = document.activeElement && document.activeElement.id === "mind";
    fill("why", h("h3", {}, `${words.why} ${head.actors[state.actor]}`), h("p", {class: "help"}, words.why_help),
      h("label", {}, words.actor, " ", h("select", {id: "mind", onchange: (e) => { state.actor = e.target.value; show(); }},
        actors.map((x) => h("option", {value: x, selected: x === state.actor}, head.actors[x])))),
      h("ol", {class: "options"}, mind.options.map(option)),
      mind.forbidden.length && [h("h4", {}, words.ruled_out), h("ul", {class: "voices"}, mind.forbidden.map((x) =>
        h("li", {}, `${head.moves[x.move]}. `, x.rules.map((r) => cited(rules[r][0], rules[r][1], words)))))],
      mind.closed > 0 && h("p", {class: "help"}, put(words.closed, {n: mind.closed})),
      mind.sightings.length && [h("h4", {}, words.believed_heading),
        table(words.believed_heading,
          [words.gauge, words.believed, ...("true" in mind.sightings[0] ? [words.true] : [])],
          mind.sightings.map((x) => [x.title, x.believed, ...("true" in x ? [x.true] : [])]))]);
    if (open_) $("mind").focus();
  }

  function guess(head, words, turn) {
    const on = state.predict;
    $("guess").hidden = !on;
    if (!on) return fill("guess");
    const asked = Object.keys(turn.question);
    const parts = [h("p", {class: "help"}, words.predict_on)];
    if (state.answer && state.answer.turn === state.turn) {
      const moves = turn.chosen[state.answer.actor];
      const right = moves.reduce((sum, x) => sum + (state.answer.votes.get(x) || 0), 0)
        + (moves.length ? 0 : state.answer.votes.get("hold") || 0);
      const all = [...state.answer.votes.values()].reduce((a, b) => a + b, 0);
      parts.push(h("p", {class: "answer", role: "status"}, put(words.answer, {
        actor: head.actors[state.answer.actor],
        moves: moves.map((x) => head.moves[x]).join(state.lang === "ja" ? "、" : ", ") || words.answer_hidden, right, all})));
    }
    if (state.turn < known()) return fill("guess", parts);
    if (!asked.length) return fill("guess", parts, h("p", {}, words.no_more));
    if (!asked.includes(state.asked)) state.asked = asked[0];
    const total = [...votes.values()].reduce((a, b) => a + b, 0);
    const again = (then) => { then(); show(); };
    fill("guess", parts,
      h("h3", {}, put(words.question, {actor: head.actors[state.asked]})),
      h("label", {}, words.actor, " ", h("select", {id: "asked",
        onchange: (e) => again(() => { state.asked = e.target.value; votes.clear(); })},
        asked.map((x) => h("option", {value: x, selected: x === state.asked}, head.actors[x])))),
      h("ul", {class: "ballot"}, turn.question[state.asked].map((x) => h("li", {},
        h("button", {type: "button", "data-move": x,
          onclick: () => { votes.set(x, (votes.get(x) || 0) + 1); show().then(() => $("guess").querySelector(`[data-move="${x}"]`)?.focus()); }},
        head.moves[x], " ", h("b", {}, String(votes.get(x) || 0)))))),
      h("p", {}, h("button", {type: "button", id: "reveal", class: "main", disabled: !total, onclick: reveal}, words.reveal), " ",
        total ? h("button", {type: "button", onclick: () => again(() => votes.clear())}, words.vote_clear)
          : h("span", {class: "help"}, words.reveal_first)));
  }

  async function reveal() {
    const cast = new Map(votes), turn = state.turn, actor = state.asked;
    if (!cast.size) return;
    votes.clear();
    await source.vote(turn, actor, cast);
    await open(turn + 1);
    state.answer = {turn: turn + 1, actor, votes: cast};
    await go(turn + 1);
    $("heading").scrollIntoView({block: "nearest"});
  }

  // Filled in once for what is shown: what somebody has chosen in it stays chosen.
  function fork(head, words, around) {
    $("fork").hidden = !around || state.predict;
    const asks = $("fork").hidden ? "" : `${state.turn} ${state.lang} ${state.actor}`;
    if (!asks || $("fork").dataset.asks === asks) return;
    $("fork").dataset.asks = asks;
    const [{question: options}, {orders: played}] = around;
    const actors = Object.keys(options);
    if (!actors.length) { $("fork").hidden = true; delete $("fork").dataset.asks; return; }
    const who = h("select", {id: "who"}, actors.map((x) => h("option", {value: x}, head.actors[x])));
    const what = h("div", {class: "row"});
    const list = () => what.replaceChildren(...played[who.value].map((made, i) =>
      h("label", {}, played[who.value].length > 1 ? put(words.order_n, {n: i + 1}) : words.move, " ",
        h("select", {class: "what"}, options[who.value].map((x) => h("option", {value: x, selected: x === made}, head.moves[x]))))));
    who.addEventListener("change", list);
    if (actors.includes(state.actor)) who.value = state.actor;
    list();
    const said = h("p", {role: "status"});
    const play = async () => {
      said.textContent = words.fork_done;
      try {
        const moves = [...what.querySelectorAll("select")].map((x) => x.value);
        const made = await server.ask("fork", {turn: state.turn, actor: who.value, moves});
        location.assign(`../${made.name}/?turn=${state.turn}&lang=${state.lang}`);
      } catch (error) { said.textContent = error.message; }
    };
    fill("fork", h("h3", {}, words.fork), h("p", {class: "help"}, put(words.fork_help, {turn: state.turn})),
      h("p", {}, h("label", {}, words.actor, " ", who)), what,
      h("p", {}, h("button", {type: "button", class: "main", onclick: play}, words.fork_go)), said);
  }

  // A fork beside its original, for those who see everything.
  const parted = {};
  let usual = null;
  function beside(head, words, found, fate) {
    $("beside").hidden = !found;
    if (!found) return fill("beside");
    const rows = found.rows[state.turn];
    const heads_ = [words.gauge, words.as_it_was, words.otherwise];
    const at = $("beside").querySelector(".scroll");
    const left = at ? at.scrollLeft : 0;
    fill("beside", h("h3", {}, words.beside),
      h("p", {}, h("strong", {}, put(words.changed, {turn: found.turn})), " ", found.changed),
      h("p", {class: "help"}, words.beside_strip),
      ladder("original", head, source.most + 1, found.strip.slice(0, source.most + 1), words.beside_strip),
      h("h4", {}, $("heading").textContent),
      rows ? table(words.beside, heads_, rows)
        : h("p", {}, state.turn < found.turn ? words.same_before : words.same_turn),
      h("h4", {}, words.ends), table(words.ends, heads_, [[words.ending, found.was, found.now]]),
      found.left_out.map((x) => h("p", {class: "help"}, x)),
      h("div", {id: "usual"}),
      h("p", {}, h("a", {href: `../${given.parent}/?turn=${state.turn}&lang=${state.lang}`}, words.to_original)));
    $("beside").querySelector(".scroll").scrollLeft = left;
    if (fate) follows(words, fate);
    else {
      const busy = h("p", {role: "status"});
      const play = async () => {
        busy.textContent = words.usual_busy;
        usual = (lang) => server.ask(`usual/${lang}`);
        try { follows((await heads(name())).words, await usual(state.lang)); }
        catch (error) { usual = null; busy.textContent = error.message; }
      };
      fill("usual", h("h4", {}, words.usual_title), h("p", {class: "help"}, put(words.usual_help, {n: given.futures})),
        h("button", {type: "button", class: "main", onclick: play}, put(words.usual_go, {n: given.futures})), busy);
    }
  }

  function follows(words, found) {
    const bar = (share, kind) => {
      const inner = h("span", {class: "bar"});
      inner.style.width = `${100 * share}%`;
      return h("span", {class: `track ${kind}`}, inner);
    };
    fill("usual", h("h4", {}, words.usual_title), h("p", {class: "help"}, put(words.usual_help, {n: found.futures})),
      h("table", {}, h("caption", {class: "away"}, words.usual_title),
        h("thead", {}, h("tr", {}, h("th", {scope: "col"}, words.ending), h("td", {}),
          h("th", {scope: "col", class: "number"}, h("span", {class: "swatch"}), " ", words.as_it_was),
          h("th", {scope: "col", class: "number"}, h("span", {class: "swatch now"}), " ", words.otherwise),
          h("th", {scope: "col", class: "number"}, words.usual_change))),
        h("tbody", {}, found.rows.map((x) => h("tr", {class: x.resolved && "resolved"},
          h("th", {scope: "row"}, x.title), h("td", {"aria-hidden": "true"}, h("span", {class: "pair"}, bar(x.was, ""), bar(x.now, "now"))),
          x.told.map((share) => h("td", {class: "number"}, share)),
          h("td", {class: "number"}, x.change))))),
      h("p", {class: "help"}, words.usual_note));
  }

  function story(words, turn) {
    $("story").hidden = !turn.story;
    fill("story", turn.story && [h("h3", {}, words.story), turn.story.map((x) => h("p", {}, x))]);
  }

  // ---------------------------------------------------------------- moving about

  // At once where it was asked to go; what is not open yet is opened when it is shown.
  function go(turn) {
    const end = state.predict ? known() : source.most;
    state.turn = Math.max(0, Math.min(turn, end));
    if (timer && state.turn >= end) pause();
    return show();
  }
  function pause() { clearInterval(timer); timer = 0; }
  function play() {
    if (timer) pause();
    else {
      if (state.turn >= (state.predict ? known() : source.most)) state.turn = 0;
      timer = setInterval(() => go(state.turn + 1), 1500);
    }
    show();
  }
  async function predict(on) {
    const words = (await heads(name())).words;
    if (!on && !confirm(words.predict_sure)) return;
    const turn = state.turn;
    await inOrder(async () => {
      await source.again(on, turn);
      state.predict = on;
      if (on) { pause(); state.turn = turn; cache.length = turn + 1; votes.clear(); state.answer = null; }
    });
    if (!on) await open(source.most);
    await show();
  }

  $("first").onclick = () => go(0);
  $("back").onclick = () => go(state.turn - 1);
  $("forward").onclick = () => go(state.turn + 1);
  $("last").onclick = () => go(Infinity);
  $("play").onclick = play;
  $("print").onclick = () => window.print();
  $("predict").onclick = () => predict(!state.predict);
  $("range").oninput = (event) => go(Number(event.target.value));
  $("lens").onchange = (event) => { state.lens = event.target.value; show(); };
  $("lang").onchange = (event) => { state.lang = event.target.value; show(); };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target, kind = at.tagName;
    if (kind === "SELECT" || (kind === "INPUT" && at.type !== "range")) return;
    const pressed = kind === "BUTTON" || kind === "SUMMARY" || kind === "A";
    const steps = {ArrowLeft: () => go(state.turn - 1), ArrowRight: () => go(state.turn + 1),
      Home: () => go(0), End: () => go(Infinity), " ": !pressed && play, p: () => predict(!state.predict)};
    if (steps[event.key]) { event.preventDefault(); steps[event.key](); }
  });

  (async () => {
    const asked = new URLSearchParams(location.search);
    if (["en", "ja"].includes(asked.get("lang"))) state.lang = asked.get("lang");
    await go(Number(asked.get("turn")) || 0);
    if (!state.predict) await open(source.most);
    await show();
    document.body.dataset.ready = "yes";
  })();
})();
