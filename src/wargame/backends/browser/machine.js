// Plays a program outside Python: machine.wasm, which is machine.c, and what is needed to call it.
//
// A module without dependencies, for a page's worker and for Node. Keys, runs, worlds and outcomes
// are Python's, bit for bit; docs/machine.md says what is in them. A world is a plain object of
// typed arrays, so it can be posted from a worker as it is, and no call changes one.

const FORMAT = 1;
const BLOCK = 256;  // runs between two words of progress
const Head = {      // those entries of wargame.program.Head that are read here
  FORMAT: 0, WIDTH: 1, CELLS: 3, HORIZON: 5, ACTORS: 6, ORDERS: 7, SLOTS: 8, LABELS: 10,
  NUMBERS: 25, PLAYED: 26, KEEPS: 36, KEPT_ROWS: 37, HEAD: 38,
};
const RUNNING = -1, BY_RULES = -1;
const NO_MOVE = -1;

class MachineError extends Error {}

// ------------------------------------------------------------------------------------- luck

const MASK = (1n << 64n) - 1n;
const START = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const ORDER = [
  "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8",
  "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a",
  "6fe9b308c2d714a5", "a2847615fb9e3cd0", "0123456789abcdef", "ea489fd61c02b753",
].map((row) => [...row].map((digit) => parseInt(digit, 16)));
const MIXED = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

/** The first two words of BLAKE2b with a digest of 16 bytes (RFC 7693). */
function blake2b(bytes) {
  const turned = (x, n) => ((x >> n) | (x << (64n - n))) & MASK;
  const h = [...START];
  h[0] ^= 0x01010010n;
  const whole = new Uint8Array(Math.max(1, Math.ceil(bytes.length / 128)) * 128);
  whole.set(bytes);
  const words = new BigUint64Array(whole.buffer);
  for (let at = 0; at < words.length; at += 16) {
    const v = [...h, ...START];
    const last = at + 16 === words.length;
    v[12] ^= BigInt(last ? bytes.length : (at + 16) * 8);
    if (last) v[14] ^= MASK;
    for (const row of ORDER)
      MIXED.forEach(([a, b, c, d], k) => {
        for (const [word, one, two] of [[row[2 * k], 32n, 24n], [row[2 * k + 1], 16n, 63n]]) {
          v[a] = (v[a] + v[b] + words[at + word]) & MASK;
          v[d] = turned(v[d] ^ v[a], one);
          v[c] = (v[c] + v[d]) & MASK;
          v[b] = turned(v[b] ^ v[c], two);
        }
      });
    for (let k = 0; k < 8; k++) h[k] ^= v[k] ^ v[k + 8];
  }
  return h.slice(0, 2);
}

/** The two words of a seed, a whole number or its digits; a stream names luck that is fresh. */
function keyOf(seed, stream = "") {
  return blake2b(new TextEncoder().encode(`${seed}\n${stream}`));
}

// -------------------------------------------------------------------------------- a program

/** The bytes of what Python packed for a page: base64 of zlib. Rejects what is damaged. */
async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Words and labels of a program from its bytes, little-endian: the words, then the labels.
    Only the head is checked. Pages carry programs that Python has checked whole, and what a bad
    one reads and writes is this machine's own memory, which holds nothing else. */
function parsed(bytes) {
  const copy = bytes.slice();  // begins at 0, so that it can be read as words
  const wide = copy[4] === 0;  // the upper half of the format, where words have 64 bits
  const [Cells, size] = wide ? [BigInt64Array, 8] : [Int32Array, 4];
  const head = new Cells(copy.buffer, 0, Math.min(Head.HEAD, Math.floor(copy.length / size)));
  const [format, width, labels] = ["FORMAT", "WIDTH", "LABELS"].map((it) => Number(head[Head[it]]));
  const end = copy.length - 8 * labels;
  if (format !== FORMAT || width !== 8 * size || labels < 0 || !(end >= size * Head.HEAD) || end % size)
    throw new MachineError(`this is no program of format ${FORMAT}`);
  return {
    Cells,
    words: new Cells(copy.buffer, 0, end / size),
    labels: new BigUint64Array(copy.slice(end).buffer),
  };
}

// ------------------------------------------------------------------------------ the machine

/** One program, ready to be played. */
class Machine {
  #wasm;
  #program;
  #offers;

  /** wasm: the bytes of machine.wasm. program: bytes, as `unpacked` gives them. offers: those of
      the program that says what may be ordered, if anybody is to ask. */
  static async load(wasm, program, offers = null) {
    const {instance} = await WebAssembly.instantiate(wasm);
    return new Machine(instance.exports, parsed(program), offers && parsed(offers));
  }

  constructor(wasm, program, offers) {
    const {words, Cells} = program;
    this.#wasm = wasm;
    this.words = words;
    this.Cells = Cells;
    this.#program = this.#laid(program);
    this.#offers = offers && this.#laid(offers);
    wasm.keep();
    this.rows = this.head("CELLS");
    this.horizon = this.head("HORIZON");
    this.orders = this.head("ORDERS");
    this.actors = [];  // of each, the place of its first move in the tables of moves, and how many
    const first = this.head("NUMBERS");
    for (let k = 0, place = 0; k < this.head("PLAYED"); k++)
      if (Number(words[first + k]) === NO_MOVE) {
        this.actors.push({place, moves: k - place});
        place = k + 1;
      }
  }

  /** An entry of the head. */
  head(name) {
    return Number(this.words[Head[name]]);
  }

  /** Where a program lies, for machine.c. */
  #laid({words, labels}) {
    return [this.#put(words), this.#put(labels)];
  }

  #put(array) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const place = this.#wasm.aligned_alloc(64, bytes.length);
    if (!place) throw new MachineError("the machine found no memory");
    new Uint8Array(this.#wasm.memory.buffer, place, bytes.length).set(bytes);
    return place;
  }

  #call(name, ...given) {
    this.#pass(name, this.#program, ...given);
  }

  /** Call machine.c; arrays go in and come back as it has changed them. */
  #pass(name, program, key, runs, ...rest) {
    const arrays = [];
    const pass = (it) => {
      if (!ArrayBuffer.isView(it)) return it;
      arrays.push([this.#put(it), it]);
      return arrays.at(-1)[0];
    };
    try {
      const given = [BigUint64Array.from(key), runs, BigInt(runs.length), ...rest].map(pass);
      const call = this.#wasm[`${name}_${this.head("WIDTH")}`];
      if (call(...program, ...given))
        throw new MachineError("the machine found no memory");
      for (const [place, array] of arrays) {
        const {buffer} = this.#wasm.memory;
        array.set(new array.constructor(buffer, place, array.length));
      }
    } finally {
      this.#wasm.drop();
    }
  }

  /** The worlds of some runs before the first turn. */
  begin(key, numbers) {
    const runs = BigInt64Array.from(numbers, BigInt), n = runs.length;
    const cells = new this.Cells(this.rows * n);
    this.#call("begin", key, runs, cells);
    return {
      turn: 0, runs, cells,
      ending: new Int32Array(n).fill(RUNNING),
      ended: new Int32Array(n),
      trail: new BigUint64Array(n),
    };
  }

  /** The news of the next turn: the worlds in which orders are given, and what happened,
      slots x runs. */
  open(key, world) {
    const cells = world.cells.slice(), turn = world.turn + 1;
    const happened = new Uint8Array(this.head("SLOTS") * world.runs.length);
    this.#call("news", key, world.runs, BigInt(turn), cells, happened);
    return {before: world, turn, cells, happened};
  }

  /** Which moves may be ordered on the worlds of `open`: by actor, a list of flags, moves x runs.
      Nobody but who asks is held to it. */
  offers(key, {before, turn, cells}) {
    const n = before.runs.length, count = this.actors.reduce((all, {moves}) => all + moves, 0);
    const whole = new this.Cells(cells.length + count * n);
    whole.set(cells);
    this.#pass("news", this.#offers, key, before.runs, BigInt(turn), whole, 0);
    let from = cells.length;
    return this.actors.map(({moves}) => {
      const flags = Uint8Array.from(whole.subarray(from, from + moves * n), (it) => Number(it) !== 0);
      from += moves * n;
      return flags;
    });
  }

  /** The rest of a turn that `open` began: the worlds after it; the orders of all actors, moves
      counted from 0 or -1 for none, and whether each succeeded, orders x runs.

      orders: by actor, counted from 0, a list of moves, the same in all runs: -1 for none, null
      for what the rules draw, as they do for everybody else. Runs that have ended stay as they
      are. Throws MachineError for moves that an actor does not have. */
  close(key, opening, orders = {}) {
    const {before, turn} = opening, n = before.runs.length, size = this.orders * this.actors.length;
    const cells = opening.cells.slice(), trail = before.trail.slice();
    const places = new this.Cells(size * n), done = new Uint8Array(size * n);
    const ending = new BigInt64Array(n);
    const type = (number) => this.Cells.of(this.Cells === BigInt64Array ? BigInt(number) : number)[0];
    places.fill(type(BY_RULES));
    for (const [actor, moves] of Object.entries(orders))
      moves.forEach((move, k) => {
        if (move === null) return;
        const row = actor * this.orders + k;
        places.fill(type(this.#place(actor, move, k)), row * n, row * n + n);
      });
    this.#call("close", key, before.runs, BigInt(turn), cells, places, 0, done, ending, trail);
    const given = Int32Array.from(places, (place, at) => {
      const {place: first, moves} = this.actors[Math.floor(at / n / this.orders)];
      const move = Number(place) - first;
      return move === moves ? NO_MOVE : move;
    });
    const world = {
      turn, runs: before.runs, cells, trail,
      ending: Int32Array.from(ending, Number),
      ended: Int32Array.from(ending, (it) => (Number(it) === RUNNING ? 0 : turn)),
    };
    for (let l = 0; l < n; l++)
      if (before.ending[l] !== RUNNING) {
        for (let at = l; at < cells.length; at += n) cells[at] = before.cells[at];
        for (const name of ["ending", "ended", "trail"]) world[name][l] = before[name][l];
      }
    return {world, given, done: done.map((it, at) => it && given[at] !== NO_MOVE)};
  }

  #place(actor, move, k) {
    const found = this.actors[actor];
    if (!found || k >= this.orders || !Number.isInteger(move) || move < NO_MOVE || move >= found.moves)
      throw new MachineError(`actor ${actor} cannot be given order ${k}: move ${move}`);
    return found.place + (move === NO_MOVE ? found.moves : move);
  }

  /** One run to its end, turn by turn. orders: by turn, as `close` takes them; the luck of all
      else stays what it was. A list, first the world before the first turn: {world, happened,
      given, done}. */
  course(key, run, orders = {}) {
    const turns = [{world: this.begin(key, [run])}];
    while (this.#runs(turns.at(-1).world)) {
      const opening = this.open(key, turns.at(-1).world);
      turns.push({happened: opening.happened, ...this.close(key, opening, orders[opening.turn])});
    }
    return turns;
  }

  #runs(world) {
    return world.turn < this.horizon && world.ending.includes(RUNNING);
  }

  /** Whole runs by the rules. As `finish`. */
  play(key, numbers, progress = () => {}) {
    const runs = BigInt64Array.from(numbers, BigInt);
    const trail = new BigUint64Array(runs.length);
    return this.#play(key, runs, 0, null, trail, progress);
  }

  /** So many futures of a world of one run, by the rules; their luck is that of `key`, which is
      best of a stream of its own. As `finish`. */
  futures(key, world, count, progress = () => {}) {
    const repeated = (array) => {
      const whole = new array.constructor(array.length * count);
      array.forEach((value, row) => whole.fill(value, row * count, (row + 1) * count));
      return whole;
    };
    const runs = BigInt64Array.from({length: count}, (_, k) => BigInt(k));
    const {turn, cells, ending, ended, trail} = world;
    const fanned = {turn, runs, cells: repeated(cells), ending: repeated(ending)};
    return this.finish(key, {...fanned, ended: repeated(ended), trail: repeated(trail)}, progress);
  }

  /** Every run of a world to its end: {runs, ending, ended, trail}, kept, what a program keeps of
      each run that has ended, rows x runs, and played, how often each move of the tables was made
      in which turn, moves x turns. progress: called with the runs that are done, and all. */
  finish(key, world, progress = () => {}) {
    const {runs, turn} = world, n = runs.length;
    const live = [...world.ending.keys()].filter((l) => world.ending[l] === RUNNING);
    const of = (array) => {
      const rows = array.length / n, some = new array.constructor(rows * live.length);
      for (let row = 0; row < rows; row++)
        live.forEach((l, at) => { some[row * live.length + at] = array[row * n + l]; });
      return some;
    };
    const played = this.#play(key, of(runs), turn, of(world.cells), of(world.trail), progress);
    const place = this.head("KEEPS");
    const kept = new this.Cells(this.head("KEPT_ROWS") * n);
    for (let at = 0; at < kept.length; at++)
      kept[at] = world.cells[Number(this.words[place + Math.floor(at / n)]) * n + (at % n)];
    const whole = {
      runs, kept,
      ending: world.ending.slice(), ended: world.ended.slice(), trail: world.trail.slice(),
      played: played.played,
    };
    for (const name of ["ending", "ended", "trail", "kept"])
      for (let row = 0; row < whole[name].length / n; row++)
        live.forEach((l, at) => { whole[name][row * n + l] = played[name][row * live.length + at]; });
    return whole;
  }

  #play(key, runs, turn, cells, trail, progress) {
    const n = runs.length, rows = this.head("KEPT_ROWS");
    const out = {
      runs, trail,
      ending: new Int32Array(n), ended: new Int32Array(n), kept: new this.Cells(rows * n),
      played: new BigInt64Array(this.head("PLAYED") * this.horizon),
    };
    for (let from = 0; from < n; from += BLOCK) {
      const to = Math.min(n, from + BLOCK), size = to - from;
      const ending = new BigInt64Array(size), ended = new BigInt64Array(size);
      const kept = new this.Cells(rows * size);
      let block = 0;
      if (cells) {
        block = new this.Cells(this.rows * size);
        for (let row = 0; row < this.rows; row++)
          block.set(cells.subarray(row * n + from, row * n + to), row * size);
      }
      this.#call(
        "play", key, runs.slice(from, to), BigInt(turn), block,
        ending, ended, trail.subarray(from, to), kept, out.played,
      );
      out.ending.set(Int32Array.from(ending, Number), from);
      out.ended.set(Int32Array.from(ended, Number), from);
      kept.forEach((value, at) => { out.kept[(at % rows) * n + from + Math.floor(at / rows)] = value; });
      progress(to, n);
    }
    return {...out, played: Float64Array.from(out.played, Number)};
  }
}

// -------------------------------------------------------------------------------- a worker

/** Answers a page from inside a worker, one call after another: {id, call, given} with
    {id, answer} or {id, error}, and {id, done, of} on the way. `load` comes first, with
    machine.wasm and a program, or two, as Python packed them; then any call of a Machine, or keyOf. */
function serve(scope) {
  let machine, last = Promise.resolve();
  const calls = {
    keyOf,
    async load(...packed) {
      machine = await Machine.load(...await Promise.all(packed.map(unpacked)));
      const {horizon, orders, actors} = machine;
      return {horizon, orders, actors};
    },
  };
  for (const name of ["begin", "open", "offers", "close", "course", "play", "futures", "finish"])
    calls[name] = (...given) => machine[name](...given);
  const answer = async ({id, call, given}) => {
    const progress = (done, of) => scope.postMessage({id, done, of});
    try {
      const told = ["play", "futures", "finish"].includes(call) ? [...given, progress] : given;
      scope.postMessage({id, answer: await calls[call](...told)});
    } catch (error) {
      scope.postMessage({id, error: String(error.message ?? error)});
    }
  };
  scope.onmessage = ({data}) => { last = last.then(() => answer(data)); };
}

export {Machine, MachineError, keyOf, serve, unpacked};
