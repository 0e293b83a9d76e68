// A page's end of the worker in which machine.js plays. Nothing is fetched: the page brings the
// text of machine.js, from which the worker is made.

class Remote {
  #waiting = new Map();
  #count = 0;

  constructor(script) {
    // A plain script: where a page is a file, not every browser starts a module.
    const text = script.replace(/^export .*$/m, "serve(self);");
    this.worker = new Worker(URL.createObjectURL(new Blob([text], {type: "text/javascript"})));
    this.worker.onmessage = ({data}) => this.#hear(data);
    this.worker.onerror = (event) => this.end(event.message || "the worker cannot be started");
  }

  /** Call the worker: see `serve` in machine.js. A promise of the answer; progress(done, of). */
  call(name, given = [], progress = () => {}) {
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {resolve, reject, progress});
      this.worker.postMessage({id, call: name, given});
    });
  }

  #hear({id, answer, error, done, of}) {
    const {resolve, reject, progress} = this.#waiting.get(id);
    if (of !== undefined) {
      progress(done, of);
      return;
    }
    this.#waiting.delete(id);
    if (error === undefined) resolve(answer);
    else reject(new Error(error));
  }

  /** Stop whatever it does; what is still waited for is rejected. */
  end(why = "the worker was stopped") {
    this.worker.terminate();
    for (const {reject} of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}
