// What the markup of {{flashes}} does by itself: messages are read out, close, stay out of the
// history, and can be added while the page is open. It is all in one file because pages load it as
// one, without a build step.
//
// FlashMessages.push({status, title, text, link: {label, url}, autoClose, id, key}) shows a
// message, as text and never as HTML. It returns the item, or null if there is nothing to show. So
// does an event flash:show with a list of such messages as detail.messages. An event flash:pull
// makes the page get messages from detail.url.
//
// FlashMessages.handle(response) shows what an answer to fetch has brought along, and resolves to
// that answer: messages in its header Flash-Messages, which come when the request has a header
// X-Get-Flash: 1, or the list "flash" of a JSON body.
//
// Events, all of which bubble: flash:before-show (on <flash-messages>, detail.message; can be
// cancelled), flash:shown (on the item), and flash:close (on the item, detail.reason is "user",
// "timeout" or "replaced"; can be cancelled).
//
// <html data-flash-autoclose="off">, or "off" as "flash.autoclose" in localStorage: no message
// closes by itself. With a number, each stays for as many seconds at least.
// <html data-flash-focus="error warning">: a loaded page with such a message gives it the focus.
// Without a value: with any message.
(() => {
  "use strict";
  if (customElements.get("flash-messages")) return; // loaded twice

  const REGION = "flash-messages, [data-flash-live]";
  const ITEM = ":is(flash-messages, [data-flash-live]) [data-status]";
  const READ = ":hover, :focus-within"; // somebody may be reading it

  let home; // the <flash-messages> to which the live part belongs,
  let live; // which is the announcers and, in a popover, the messages that are pushed

  // doc is the document without the elements of the page that are named as its members are, such as
  // <form name="hidden">.
  const doc = new Proxy(document, {
    get(_, name) {
      const value = Reflect.get(Document.prototype, name, document);
      return value?.bind?.(document) ?? value;
    },
  });

  // ask fetches from where the page comes from, whatever its <base> says.
  const ask = (url, init) => fetch(new URL(url, globalThis.origin), init);

  const all = (selector, root = doc) => [...root.querySelectorAll(selector)];
  // attempt returns what f does, or nothing if that fails, such as where the browser keeps nothing
  // for this site.
  const attempt = (f) => {
    try {
      return f();
    } catch {}
  };
  const listed = (value) => (Array.isArray(value) ? value : []);
  const show = (messages) => listed(messages).forEach(push);
  // on listens to each of the types of events, at the document if nothing else is said.
  const on = (types, listener, target = doc, options) =>
    types.split(" ").forEach((type) => target.addEventListener(type, listener, options));
  const inside = (node) => node?.closest?.(REGION);
  const emit = (target, type, detail) =>
    target.dispatchEvent(
      new CustomEvent("flash:" + type, { detail, bubbles: true, cancelable: true }),
    );

  // Reading out. Visible messages are no live regions: their buttons and their removal would be
  // read, too. Each text is added to one of two announcers instead: errors first, one after the
  // other, and not at once, for nobody listens yet to a region that was just made. It stays there
  // for a while, for a reader that is busy looks when it gets there.

  const SPEAK_AFTER = 1000; // milliseconds, as all times here
  const SPEAK_EVERY = 150;
  const SILENT_AFTER = 30000;

  const unspoken = [];
  let speaker;
  let said = "";

  const announcers = () => all("[data-flash-live] > [aria-live]"); // the polite one, the other one

  function announce(text, urgent) {
    unspoken.push({ text, urgent });
    speaker ??= setTimeout(speak, SPEAK_AFTER);
  }

  function speak() {
    speaker = unspoken[0] && setTimeout(speak, SPEAK_EVERY);
    // Nobody hears a hidden page.
    if (!speaker || doc.hidden) return;
    const { text, urgent } = unspoken.sort((a, b) => b.urgent - a.urgent).shift();
    const line = doc.createElement("div");
    said = text === said ? text + "\u00a0" : text; // readers leave out what they have just said
    line.textContent = said;
    announcers()[+urgent]?.append(line);
    setTimeout(() => line.remove(), SILENT_AFTER);
  }

  function silence() {
    for (const announcer of announcers()) announcer.replaceChildren();
  }

  function partsOf(item) {
    const parts = all("[data-flash-title], [data-flash-text], [data-flash-count]", item).filter(
      (part) => part.textContent.trim(),
    );
    return parts[0] ? parts : [item];
  }

  const textOf = (item) =>
    partsOf(item)
      .map((part) => part.textContent.trim())
      .join(". ");

  // Closing by itself. All messages have one clock, which stands still while somebody may be
  // reading one of them.

  const HEARD_AFTER = 7000; // so late a screen reader may begin with what was announced
  const STAY = 6000;
  const STAY_PER_WORD = 400;
  const STAY_AFTER_PAUSE = 2000;

  const left = new Map(); // item -> how long it may still stay
  let since = 0; // when the clock was last read, 0 while it stands still
  let timer;

  function paused() {
    const selection = getSelection();
    const selected = selection && !selection.isCollapsed;
    return (
      doc.hidden ||
      all(REGION).some((r) => r.matches(READ) || (selected && selection.containsNode(r, true)))
    );
  }

  // waiting returns the entries of left that are in sight.
  const waiting = () => [...left].filter(([item]) => !item.closest("details:not([open])"));

  function tick() {
    clearTimeout(timer);
    const now = performance.now();
    const ran = since;
    if (ran) for (const [item, ms] of waiting()) left.set(item, ms - (now - since));
    since = waiting().length && !paused() ? now : 0;
    if (!since) return;
    for (const [item, ms] of waiting()) {
      if (!ran) left.set(item, Math.max(ms, STAY_AFTER_PAUSE));
      else if (ms <= 0) {
        left.delete(item);
        close(item, "timeout");
      }
    }
    timer = setTimeout(tick, Math.min(...waiting().map(([, ms]) => ms)));
  }

  // stay returns how long an item stays: until it and what is announced before it can be heard and
  // read, or longer if the page or the user say so.
  function stay(item) {
    const { autoclose, status } = item.dataset;
    if (
      autoclose === undefined ||
      status === "error" ||
      status === "warning" ||
      item.querySelector("a")
    )
      return;
    const wishes = [
      doc.documentElement.dataset.flashAutoclose,
      attempt(() => localStorage["flash.autoclose"]),
    ];
    if (wishes.includes("off")) return;
    const text = unspoken.map((next) => next.text).join(" ");
    return Math.max(
      HEARD_AFTER + readingTime(text),
      ...wishes.map((seconds) => 1000 * seconds || 0),
    );
  }

  function readingTime(text) {
    // It knows the words of languages without spaces, too.
    const words = attempt(() =>
      [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)].filter(
        (word) => word.isWordLike,
      ),
    );
    return Math.max(STAY, 3000 + STAY_PER_WORD * words?.length || 0);
  }

  // Showing, whether the server has printed the message, another script has added it, or it was
  // pushed.

  const IN_SIGHT = 5; // messages of a list, as in internal/markup,
  const LONG = 500; // and characters of a text that is not clamped
  const MARKS = 100;
  // Many times the lease of the server, after which a message may come again.
  const FORGET_AFTER = 600000;

  const known = new WeakMap(); // item -> what it says
  // "flash-" and an ID -> the item that it had last, when its message was created, and when it came.
  const met = new Map();

  // An own ID may be used again, for a message that was created at another time.
  const same = (created, other) => !created || !other || created === other;

  function scan() {
    const items = all(ITEM);
    if (items.every((item) => known.has(item))) return settle(); // as after each word that is said
    for (const id of met.keys()) if (!recall(id)) met.delete(id);
    const twins = new Map(items.map((item) => [known.get(item), item]));
    for (const item of items) {
      if (known.has(item)) continue;
      const { id } = item;
      const { created } = item.dataset;
      const says =
        [
          item.dataset.status,
          item.dataset.key,
          ...all("[data-flash-title], [data-flash-text], a", item).map(
            (part) => part.href ?? part.textContent,
          ),
        ] + "";
      known.set(item, says);
      const old = recall(id);
      // A library that keeps pages has kept this one with what was shown in it; or the server could
      // not know that it was.
      if ("flashShown" in item.dataset || (created && old && same(created, old.created))) {
        if (!old) met.set(id, { item, created, at: performance.now() });
        item.remove();
        continue;
      }
      keep(item);
      item.dataset.flashShown = "";
      // Later, because a library may take it out at once.
      setTimeout(() => item.isConnected && (item.dataset.flashShown = 1));
      if (id) {
        if (old?.item.isConnected) close(old.item, "replaced");
        met.set(id, { item, created, at: performance.now() });
      }
      for (const other of replacedBy(item)) close(other, "replaced");
      const counter = item.querySelector("[data-flash-count]");
      const twin = twins.get(says);
      if (counter && twin && listOf(twin) === listOf(item)) {
        counter.textContent = "\u00d7" + (countOf(twin) + countOf(item));
        close(twin, "replaced");
      }
      twins.set(says, item);
      const button = item.querySelector("[data-flash-close]");
      if (button) {
        button.hidden = false; // without a script it would do nothing
        button.ariaDescribedByElements = partsOf(item);
      }
      announce(textOf(item), item.dataset.status === "error");
      const ms = stay(item);
      if (ms) {
        tick(); // for the others
        left.set(item, ms);
        tick();
      }
      emit(item, "shown");
      if (idle) subscribe(idle);
    }
    settle();
  }

  // Turbo takes out what is temporary, also of a page that stays, before it keeps a copy. With this
  // script nothing needs that: what was shown is not shown again.
  const keep = (element) => delete element.dataset.turboTemporary;

  // A service worker may keep pages, whatever their headers say. What this browser has had of a
  // region before is not shown again: messages with an ID that was generated, or with a time. What
  // an application calls flash-1 is another message each time.
  function dropOld(region) {
    // Others were only moved.
    const items = all("[id^=flash-f-], [data-created]", region).filter((item) => !known.has(item));
    const marks = listed(attempt(() => JSON.parse(localStorage["flash.shown"])));
    for (const item of items) {
      const mark = item.id + item.dataset.created;
      if (marks.includes(mark)) item.dataset.flashShown = 1;
      else marks.push(mark);
    }
    if (items[0])
      attempt(() => (localStorage["flash.shown"] = JSON.stringify(marks.slice(-MARKS))));
  }

  // replacedBy returns the items that are shown and have the key of an item.
  function replacedBy(item) {
    const { key } = item.dataset;
    return key
      ? all(ITEM).filter((other) => other !== item && known.has(other) && other.dataset.key === key)
      : [];
  }

  const listOf = (item) => item.closest("[data-flash-list]");

  // countOf returns how many equal messages an item stands for.
  const countOf = (item) => +item.querySelector("[data-flash-count]")?.textContent.slice(1) || 1;

  function recall(id) {
    const old = met.get(id);
    if (old && (old.item.isConnected || performance.now() - old.at <= FORGET_AFTER)) return old;
  }

  const popover = () => live?.querySelector("[popover]");

  // settle shows what holds messages, and names it as a landmark, as long as there are some.
  function settle() {
    for (const region of all("flash-messages[data-label]")) {
      const used = region.querySelector(ITEM);
      region.role = used && "region";
      region.ariaLabel = used && region.dataset.label;
      for (const list of all(":scope > ul", region)) list.hidden = !list.querySelector(ITEM);
    }
    all("[data-flash-list]").forEach(fold);
    const corner = popover();
    if (corner?.isConnected) corner.togglePopover?.(!!corner.querySelector(ITEM));
    // The newest is at the end.
    if (corner && !corner.matches(READ)) corner.scrollTop = corner.scrollHeight;
    dodge();
  }

  // fold keeps the newest messages of a list in sight, and errors rather than others. The others
  // are in a <details> at its top.
  function fold(list) {
    let more = list.querySelector(":scope > [data-flash-more]");
    const items = all(":scope > [data-status]", list);
    let room = IN_SIGHT - items.length;
    if (room < 0 && !list.matches(READ)) {
      if (!more) {
        const blank = blanks()?.querySelector("[data-flash-more]");
        if (!blank) return;
        list.prepend((more = doc.importNode(blank, true)));
      }
      const good = items.slice(0, -1).filter((item) => item.dataset.status !== "error");
      more.querySelector("ul").append(...[...new Set([...good, ...items])].slice(0, -room));
    }
    if (!more) return;
    keep(more);
    const [details, button] = more.children;
    const [summary, folded] = details.children;
    for (; room > 0 && folded.lastElementChild; room--)
      more.after(all(":scope > [data-status=error]", folded).at(-1) ?? folded.lastElementChild);
    const words = summary.dataset.words.replace("%d", folded.childElementCount);
    if (summary.textContent !== words) summary.textContent = words;
    button.hidden = false;
    if (!folded.childElementCount) more.remove();
  }

  // dodge moves the popover to the other edge while it would hide what has the focus.
  function dodge() {
    const corner = popover();
    if (!corner) return;
    corner.style.setProperty("margin-block", "");
    let focused = doc.activeElement ?? doc.body;
    for (let inner; (inner = focused.shadowRoot?.activeElement); ) focused = inner;
    if (focused === doc.body || inside(focused)) return;
    const c = corner.getBoundingClientRect();
    const f = focused.getBoundingClientRect();
    const [margin, free] =
      c.top > 0 ? ["0 auto", f.top > c.height] : ["auto 0", f.bottom < innerHeight - c.height];
    if (free && f.left < c.right && f.right > c.left && f.bottom > c.top && f.top < c.bottom)
      corner.style.setProperty("margin-block", margin, "important");
  }

  // blanks returns items to copy, or nothing where the page has no place for them.
  const blanks = () =>
    live?.isConnected &&
    live.querySelector("[popover] > *") &&
    home.querySelector("template")?.content;

  function push(message) {
    const item = add(message);
    scan();
    return item && known.has(item) ? item : null;
  }

  // add returns the item that shows a message, or what else shows that the user has it: null is
  // nothing.
  function add(message) {
    const { status = "info", link, autoClose, id, key, created } = message ?? {};
    const [title, text] = [message?.title, message?.text].map((words) => (words ?? "") + "");
    const from = blanks();
    if (!from || !(title || text)) return null;
    const old = id && recall("flash-" + id);
    if (old && same(created, old.created)) {
      old.at = performance.now();
      return old;
    }
    if (!emit(home, "before-show", { message })) return {};
    if (!blanks()) return null; // its listeners have changed the page

    const blank = from.querySelector(`[data-status="${CSS.escape(status)}"]`);
    const item = doc.importNode(blank ?? from.querySelector("[data-status]"), true);
    const [titled, texted, linked] = all(
      "[data-flash-title], [data-flash-text], [data-flash-link]",
      item,
    );
    item.dataset.status = status;
    // A status of the application's own is its own word.
    if (!blank) titled.firstElementChild.textContent = status;
    if (title) {
      const bdi = doc.createElement("bdi");
      bdi.textContent = title;
      (titled.firstElementChild ?? titled).append(": ");
      titled.append(bdi);
    }
    const opener = text.length > LONG && from.querySelector("[data-flash-long]");
    // One in each blank would cost more than all the rest.
    if (opener) texted.before(doc.importNode(opener, true));
    if (text) texted.textContent = text;
    else texted.remove();
    const href = link && hrefOf(link.url);
    if (href) {
      linked.firstElementChild.textContent = link.label;
      linked.firstElementChild.href = href;
    } else linked.remove();
    if (autoClose) item.dataset.autoclose = "";
    if (id) item.id = "flash-" + id;
    if (created) item.dataset.created = created;
    if (key) item.dataset.key = key;
    // It takes the place of what it replaces, unless a dialog may cover that: then the live part is
    // in the dialog. Nor is it folded.
    const [replaced] = replacedBy(item);
    if (replaced && live.parentNode === home && !replaced.closest("[data-flash-more]"))
      replaced.after(item);
    else {
      // Markup of the application's own has the latter.
      live.querySelector("[data-flash-added], [popover] > *").append(item);
      const corner = popover();
      // It is on top of what the page has shown meanwhile.
      if (all(":is(:popover-open, :fullscreen)")[1] && !corner.matches(READ))
        corner.togglePopover(false);
    }
    return item;
  }

  const hrefOf = (url) =>
    attempt(() => {
      const { href } = new URL(url, doc.baseURI);
      return /^(https?|mailto):/.test(href) && href;
    });

  // A browser or Turbo may load a page before anybody asks for it. It then has no messages, but
  // says where to get them when it is opened. So does an answer that has more of them than a header
  // takes.
  async function pull(url) {
    if (!url || !blanks()) return; // they wait for a page that can show them
    acks ??= url.replace(/messages\?.*/, "ack");
    try {
      receive(await (await ask(url, { headers: { "X-Get-Flash": "tickets" } })).json());
    } catch {
      // They come with the next page.
    }
  }

  const notice = (response) =>
    attempt(() => {
      // Of several headers, a browser makes a list. Or the header is not ours.
      for (const { messages, pull: url, printed } of JSON.parse(
        `[${response.headers.get("Flash-Messages") ?? ""}]`,
      )) {
        show(messages);
        pull(url);
        brought.push(...listed(printed));
      }
    });

  // What is on a page that htmx or Turbo asks for is in a header, too: they may leave it out, or
  // throw the page away and load it once more. What is not on screen then, the script shows; after
  // another load, the next one does.
  const NEXT_WITHIN = 10000; // that load
  const brought = [];

  function check(response) {
    notice(response);
    const list = brought.splice(0);
    setTimeout(() => {
      for (const message of list) {
        const id = "flash-" + message.id;
        if (!met.get(id)?.item.dataset.flashShown) {
          met.delete(id);
          push(message);
        }
      }
    }, SEEN_AFTER);
  }

  const recheck = () =>
    attempt(() => {
      const [until, list] = JSON.parse(sessionStorage["flash.next"]);
      delete sessionStorage["flash.next"];
      if (Date.now() < until) show(list);
    });

  async function handle(response) {
    notice(response);
    if (!response.bodyUsed && /json/.test(response.headers.get("Content-Type"))) {
      // If the body is no JSON, its reader will notice.
      const body = await response
        .clone()
        .json()
        .catch(() => {});
      show(body?.flash);
    }
    return response;
  }

  // Listening for messages while the page is open, as long as somebody can see it. An EventSource
  // would not say why a server refuses, and gives up for good when it meets a bad gateway.

  // What was shown for less, because the page was left, is for the next one.
  const SEEN_AFTER = 1000;
  const REVIEW_EVERY = 100;
  const SILENCE = 50000; // the server gives a sign of life every 20 seconds
  const BACK_OFF = 60000;
  const LEFT_AFTER = 10000;

  let stream; // where messages come from,
  let idle; // or will come from, when the session has a key, which it gets with its first message,
  let acks; // and where to say what has become of them
  let listening; // an AbortController
  let attempts = 0;
  let again, seen; // timers
  // Messages of an acknowledgement: browsers send 64 KB at once, and the server reads no more.
  const PART = 30;
  // What the server waits to hear of, by the item that shows it, and when the user will have seen
  // that.
  const unseen = new Set();

  function subscribe(url, later) {
    hangUp();
    [stream, idle] = later ? [undefined, url] : [url, undefined];
    acks = url?.replace(/stream\?.*/, "ack") ?? acks;
    listen();
  }

  function hangUp() {
    listening?.abort();
    listening = undefined;
  }

  // rest hangs up for a while.
  function rest(ms) {
    hangUp();
    clearTimeout(again);
    again = setTimeout(listen, ms);
  }

  // What comes while the page is being left is for the next one. A page that stays after all, for
  // it has only sent for a file, listens again.
  const leave = (event) => event.defaultPrevented || rest(LEFT_AFTER);

  function listen() {
    review();
    if (doc.hidden) hangUp();
    else if (stream && !listening) join((listening = new AbortController()));
  }

  // One page hears for all that a browser shows, because it has six connections to a server over
  // HTTP/1.1: the page that came last. It takes a lock away from the one before, which gets in
  // line. The place of a page is a lock, too: its name says what the page reads, and it is there as
  // long as the page.

  // After the page that heard is gone, unless its user comes to the next one.
  const TAKE_OVER = 2000;
  const VIEWS = 64; // that the server listens to at once

  const server = () => stream.split("?")[0] + "?";
  const taken = async () =>
    (await navigator.locks.query()).held
      .map((lock) => lock.name)
      .filter((name) => name.startsWith(server()));

  function join(mine) {
    const { signal } = mine;
    const place = stream + "#" + Math.random();
    const channel = new BroadcastChannel(place);
    channel.onmessage = ({ data }) => (data ? receive(data) : subscribe(stream, true));
    const gone = new Promise((resolve) => (signal.onabort = resolve)).then(() => channel.close());
    const lead = async (how) => {
      const line = new AbortController();
      gone.then(() => line.abort());
      try {
        await navigator.locks.request(acks, how, async () => {
          await new Promise((resolve) =>
            gone.then(resolve, setTimeout(resolve, how.signal && TAKE_OVER)),
          );
          hear(mine, line, place);
          await gone; // and not for what a page does after that: it may be frozen
        });
      } catch ({ name }) {
        line.abort();
        // Without HTTPS, and in some frames, there are no locks.
        if (mine === listening) name === "AbortError" ? lead({ signal }) : hear(mine, mine);
      }
    };
    navigator.locks?.request(place, () => gone).catch(() => {});
    lead({ steal: true });
  }

  const tell = (place, parcel) => new BroadcastChannel(place).postMessage(parcel);

  // deal gives each message to the page that reads its view, to this one first.
  async function deal({ messages, tickets }, places) {
    const readers = {};
    for (const view in tickets)
      readers[view] =
        places.find((place) =>
          [...new URLSearchParams(place.split(/[?#]/)[1]).values()].includes(view),
        ) ?? places[0];
    for (const place of places) {
      const part = messages.filter(({ view }) => readers[view] === place);
      if (place === places[0]) receive({ messages: part, tickets });
      else if (part[0]) {
        if ((await taken()).includes(place)) tell(place, { messages: part, tickets });
        else {
          report(
            "back",
            part.map((message) => ({ says: { ...message, ticket: tickets[message.view] } })),
          );
          subscribe(stream); // without that page
        }
      }
    }
  }

  async function hear(mine, line, place) {
    let silent;
    const alive = () => {
      clearTimeout(silent);
      silent = setTimeout(() => mine.abort(), SILENCE);
    };
    let pause = Math.random() * Math.min(BACK_OFF, 1000 * 2 ** attempts++);
    try {
      alive();
      // This page's own is the first.
      const places = place ? [...new Set([place, ...(await taken())])] : [stream];
      const views = [
        ...new Set(places.flatMap((place) => place.split(/[?#]/)[1].split("&"))),
      ].slice(0, VIEWS);
      const { status, headers, body } = await ask(server() + views.join("&"), {
        signal: line.signal,
        cache: "no-store",
      });
      if (status === 204) subscribe(stream, true); // there is nothing to hear
      // Otherwise a proxy is in trouble.
      if (!/^text\/event-stream/.test(headers.get("Content-Type"))) throw 0;
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done || mine !== listening || line.signal.aborted) break;
        alive();
        const events = (text + value).split("\n\n");
        text = events.pop();
        for (const event of events) {
          const {
            event: name,
            data,
            retry,
          } = Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/)));
          if (retry) pause = +retry;
          if (name) attempts = 0;
          if (name === "flash") await deal(JSON.parse(data), places);
          if (data === "full") pause = BACK_OFF; // the session has newer pages
          if (data === "over") {
            for (const other of places.slice(1)) tell(other);
            subscribe(stream, true);
          }
        }
      }
    } catch {
      // The line is broken, or the page has hung up.
    }
    clearTimeout(silent);
    // If the line alone was cut, another page hears now.
    if (mine !== listening || (line.signal.aborted && !mine.signal.aborted)) return;
    rest(pause);
  }

  // Only what was put on screen is acknowledged, each message in its own time. An application that
  // has cancelled flash:before-show has taken it over.
  function receive({ messages, tickets }) {
    for (const message of listed(messages)) {
      const { view, id, created } = message ?? {};
      const item = add(message);
      if (item && tickets)
        unseen.add({
          item: item.item ?? item,
          at: Infinity,
          says: { view, id, ticket: tickets[view], created },
        });
    }
    scan();
    review();
  }

  // review reports what was seen: it was on a visible page for a moment, or was closed.
  function review() {
    clearTimeout(seen);
    const now = performance.now();
    report(
      "shown",
      [...unseen].filter((entry) => entry.at <= now),
    );
    for (const entry of unseen)
      entry.at = doc.hidden ? Infinity : Math.min(entry.at, now + SEEN_AFTER);
    if (unseen.size && !doc.hidden) seen = setTimeout(review, REVIEW_EVERY);
  }

  function report(what, entries) {
    const list = [...entries].map((entry) => {
      unseen.delete(entry);
      if (what === "back") met.delete("flash-" + entry.says.id);
      return entry.says;
    });
    while (list[0]) {
      const request = { method: "POST", body: JSON.stringify({ [what]: list.splice(0, PART) }) };
      // What is too much for a page that is being left is sent by one that stays. What does not
      // arrive comes again, and is not shown again.
      ask(acks, { ...request, keepalive: true })
        .catch(() => ask(acks, request))
        .catch(() => {});
    }
  }

  // Closing, and where the focus goes with what had it: to the next message, or back to where it
  // was before.

  let before;

  function close(item, reason) {
    if (!emit(item, "close", { reason })) return;
    item.dataset.flashShown = 1; // closing is seeing
    const focused = item.contains(doc.activeElement);
    const list = listOf(item);
    const neighbour = item.nextElementSibling ?? item.previousElementSibling;
    left.delete(item);
    item.remove();
    settle();
    for (const entry of unseen) if (entry.item === item) entry.at = 0;
    review();
    if (focused)
      refocus(
        neighbour?.querySelector("[data-flash-close]") ??
          list?.querySelector("[data-status] [data-flash-close]"),
      );
  }

  function refocus(button) {
    (button ?? before)?.focus();
    if ((doc.activeElement ?? doc.body) === doc.body)
      hold(dialogs.at(-1) ?? doc.querySelector("main, [role=main], h1") ?? doc.body);
  }

  // hold gives the focus to what is no control.
  function hold(element) {
    if (!element.hasAttribute("tabindex")) {
      element.tabIndex = -1;
      on("blur", () => element.removeAttribute("tabindex"), element, { once: true });
    }
    element.focus();
  }

  function focusOnLoad(region) {
    const statuses = doc.documentElement.dataset.flashFocus;
    if (statuses === undefined || doc.readyState === "complete" || location.hash) return;
    const items = all(ITEM, region);
    const wanted = items.some(
      (item) => !statuses.trim() || statuses.split(/\s+/).includes(item.dataset.status),
    );
    const focus = () => {
      // Others know better: a field, a summary of errors, the user.
      const rival = all("[autofocus], [role=alert]").some(
        (e) => !inside(e) && (e.autofocus || e.textContent.trim()),
      );
      if (!wanted || rival || doc.activeElement !== doc.body) return;
      // So the focus reads the texts, and nobody has to say them again.
      region.ariaDescribedByElements = items.flatMap(partsOf);
      unspoken.length = 0;
      hold(region);
    };
    on("load", focus, globalThis);
  }

  // A modal dialog makes the rest of the page inert and silent, announcers too, and so does what
  // fills the screen. So the live part moves into the topmost of them. In a shadow root, neither the
  // page's style nor our selectors would find it: there it stays outside, in the host, and a slot
  // shows it inside.

  let dialogs = []; // these, in the order in which they were opened
  const slots = [];
  let shownIn; // where the live part is

  function follow(opened) {
    dialogs = [...new Set([...dialogs, ...opened])].filter((node) =>
      node.matches?.("dialog:modal, :fullscreen:not(html, video, iframe, canvas)"),
    );
    if (!home) return;
    let place = dialogs.at(-1);
    // An inert <main> silences, too.
    if (!place)
      for (place = home; place.closest("[inert]"); ) place = place.closest("[inert]").parentElement;
    if (place === shownIn && live.isConnected) return;
    shownIn = place;
    // What was said would be new there, and so would what a page says that was kept.
    silence();
    for (const slot of slots.splice(0)) slot.remove();
    live.slot = "";
    for (let root; (root = place.getRootNode()).host; place = root.host) {
      const slot = doc.createElement("slot");
      slot.slot = live.slot; // of a component in a component
      live.slot = slot.name = "flash";
      slots.push(slot);
      place.append(slot);
      watch(root);
    }
    place.append(live);
    settle();
    watch(document, doc);
  }

  // watch follows what opens, closes and, with all that is in it, is removed. Of the first dialog
  // in a shadow root nothing tells but the focus.
  function watch(root, target = root) {
    openings.observe(root, {
      childList: dialogs[0],
      subtree: true,
      attributeFilter: ["open", "inert"],
    });
    on("focusin fullscreenchange", seek, target);
  }

  const openings = new MutationObserver((records) => follow(records.map(({ target }) => target)));
  const seek = (event) => {
    follow(event.composedPath().reverse()); // from the outside in
    dodge();
  };

  globalThis.FlashMessages = class extends HTMLElement {
    static push = push;
    static handle = handle;
    #live;
    #address;
    #changes = new MutationObserver(() => this.#look());

    connectedCallback() {
      if (doc.readyState !== "loading") this.#start();
      else on("DOMContentLoaded", () => this.#start()); // with its children
    }

    #start() {
      if (!this.isConnected) return;
      this.#live ??= this.querySelector("[data-flash-live]");
      if (!home && this.#live) this.#lead();
      this.#changes.observe(this, {
        childList: true,
        subtree: true,
        attributeFilter: ["data-stream", "data-pull"],
      });
      dropOld(this);
      this.#look();
      focusOnLoad(this);
      recheck();
    }

    // look finds what the server, or a library that makes the page like another one, has changed in
    // here.
    #look() {
      for (const part of all("[data-flash-live]", this)) {
        if (home === this && !live.isConnected) this.#speak(part);
        else if (part !== live) part.remove(); // a page speaks with one voice
      }
      if (home === this) {
        // Beside a live part of the page's own there is ours, with the address.
        const addressed = this.dataset.stream
          ? this
          : doc.querySelector("flash-messages[data-stream]");
        const { stream, streamIdle } = blanks() ? (addressed?.dataset ?? {}) : {};
        const address = [stream, streamIdle] + "";
        if (address !== this.#address) subscribe(stream, streamIdle !== undefined);
        this.#address = address;
      }
      scan();
      const url = this.dataset.pull;
      delete this.dataset.pull;
      if (doc.prerendering) on("prerenderingchange", () => pull(url));
      else pull(url);
    }

    #lead() {
      home = this;
      if (!this.#live.isConnected) this.append(this.#live);
      this.#speak(this.#live);
    }

    #speak(part) {
      this.#live = live = part;
      shownIn = undefined;
      this.#changes.observe(part, { childList: true, subtree: true });
      follow(all("dialog:modal"));
    }

    disconnectedCallback() {
      if (this.isConnected) return; // it was only moved
      this.#changes.disconnect();
      if (home !== this) return;
      this.append(live);
      home = live = this.#address = undefined;
      report("back", unseen);
      subscribe();
      // htmx 2 puts the next page in before it takes this one out.
      const next = all("flash-messages").find((next) => #live in next && next.#live);
      next?.#lead();
      next?.#look();
    }
  };

  on("click", ({ target }) => {
    const button = inside(target) && target.closest("[data-flash-close]");
    if (!button) return;
    const item = button.closest(ITEM);
    const focused = button === doc.activeElement;
    for (const each of item ? [item] : all("[data-status]", button.closest("ul")))
      close(each, "user");
    if (focused && !item) refocus();
  });

  on("keydown", (event) => {
    const item =
      event.key === "Escape" && inside(event.target) && event.target.closest(ITEM);
    if (!item) return;
    event.preventDefault(); // a dialog around it stays open
    close(item, "user");
  });

  on("focusin", ({ target, relatedTarget }) => {
    if (inside(target) && relatedTarget && !inside(relatedTarget)) before = relatedTarget;
  });

  // Such as htmx makes of a header: HX-Trigger: {"flash:show": {"messages": [...]}}
  on("flash:show", ({ detail }) => show(detail?.messages));
  on("flash:pull", ({ detail }) => pull(detail?.url));
  // htmx 4 fires this when its user acts, and not when it preloads in the same words.
  on("htmx:config:request", ({ detail }) => {
    const { mode, headers } = detail?.ctx?.request ?? {};
    if (mode === "same-origin") headers["X-Flash-Wanted"] = "1";
  });
  // A stream for Turbo to which nothing can be appended, for it is compressed, has them in a
  // header.
  on("turbo:before-fetch-response", ({ detail }) => notice(detail.fetchResponse.response));
  on("turbo:render", check);
  on("htmx:after:request", ({ detail }) => check(detail.ctx.response)); // of htmx 4
  on("htmx:beforeOnLoad", ({ detail }) =>
    check({ headers: { get: (name) => detail.xhr.getResponseHeader(name) } }),
  );

  on("pointerover pointerout focusin focusout selectionchange visibilitychange", tick);

  // Browsers keep the page as it is for the Back button, whatever its headers say. What was shown
  // must not come back with it.
  on(
    "pagehide",
    () => {
      report("back", unseen);
      if (brought[0])
        attempt(
          () =>
            (sessionStorage["flash.next"] = JSON.stringify([
              Date.now() + NEXT_WITHIN,
              brought.splice(0),
            ])),
        );
      hangUp();
      for (const item of all(ITEM)) item.remove();
      left.clear();
      unspoken.length = 0;
      silence();
    },
    globalThis,
  );

  on("submit beforeunload", leave, globalThis);
  on("visibilitychange pageshow online", listen, globalThis);

  watch(document, doc);
  customElements.define("flash-messages", globalThis.FlashMessages);
})();
