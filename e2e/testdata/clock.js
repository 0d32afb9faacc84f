// A clock that stands still until a test moves it: clock.forward(ms). It replaces setTimeout, clearTimeout and performance.now of the page.
globalThis.clock = (() => {
  let now = 1000;
  let ids = 0;
  const timers = new Map();
  globalThis.setTimeout = (callback, ms = 0, ...args) => {
    timers.set(++ids, { at: now + Math.max(0, ms), callback, args });
    return ids;
  };
  globalThis.clearTimeout = (id) => timers.delete(id);
  performance.now = () => now;
  return {
    forward(ms) {
      const end = now + ms;
      for (;;) {
        const [id, next] = [...timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0] ?? [];
        if (!next) break;
        timers.delete(id);
        now = Math.max(now, next.at);
        next.callback(...next.args);
      }
      now = end;
    },
  };
})();
