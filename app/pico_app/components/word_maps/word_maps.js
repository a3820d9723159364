// Three maps of one word over the patches of a picture: left, right, right minus left.
// Hovering, focus and arrow keys choose a word or a patch; a click keeps it. Nothing is sent to the server.
// Words come from data: they are only ever set as text.

const SVG = "http://www.w3.org/2000/svg";
const kept = new WeakMap(); // what a reader chose, for as long as the element lives

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".word-maps");
  const before = kept.get(root);
  if (before && before.data === data) return;
  const pair = read(JSON.parse(data));
  const same = before && before.view.key === pair.key;
  const view = same ? before.view : { key: pair.key, pinned: pair.first, word: null, patch: null, kept: null, side: 1, mix: 0.8, stretch: false };
  view.word = null;
  view.patch = view.kept;
  kept.set(root, { data, view });
  build(root, pair, view);
}

function read(given) {
  const unit = 10 ** given.digits;
  const numbers = (text) => Float64Array.from(text.split(","), (part) => Number(part) / unit);
  const sides = given.sides.map((side) => ({
    ...side, table: numbers(side.table), fromWords: numbers(side.fromWords), fromPatches: numbers(side.fromPatches),
  }));
  const [left, right] = sides;
  const less = (name) => right[name].map((value, i) => value - left[name][i]);
  sides.push({ label: "Right minus left", table: less("table"), fromWords: less("fromWords"), fromPatches: less("fromPatches") });
  return { ...given, sides, at: (side, patch, word) => sides[side].table[patch * given.words.length + word] };
}

function make(tag, kind, text) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const fixed = (value, digits = 3) => value.toFixed(digits).replace("-", "\u2212");
const signed = (value, digits = 3) => (Number(value.toFixed(digits)) > 0 ? "+" : "") + fixed(Number(value.toFixed(digits)) || 0, digits);

function mixed(stops, share) {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const parts = [1, 3, 5].map((i) => {
    const [a, b] = [stops[low], stops[low + 1]].map((stop) => parseInt(stop.slice(i, i + 2), 16));
    return Math.round(a + (place - low) * (b - a));
  });
  return parts;
}

const light = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b > 140;

function build(root, pair, view) {
  const { words, names, scale, colours } = pair;
  const real = names.map((_, patch) => pair.real[patch] === "1");
  const places = names.map((_, patch) => patch).filter((patch) => real[patch]);
  const similarity = (value, { low, high }) => mixed(colours.sequential, (value - low) / (high - low || 1));
  const share = (value, { reach }) => (reach ? Math.min(1, Math.abs(value) / reach) : 0);

  // The scale of one word over all patches, or of one patch over all words; both sides share it.
  function scaleOf(cells) {
    if (!view.stretch) return scale;
    const both = cells.flatMap(([patch, word]) => [pair.at(0, patch, word), pair.at(1, patch, word)]);
    const reach = Math.max(...cells.map(([patch, word]) => Math.abs(pair.at(2, patch, word))));
    return { low: Math.min(...both), high: Math.max(...both), reach };
  }
  const wordScale = (word) => scaleOf(places.map((patch) => [patch, word]));
  const patchScale = (patch) => scaleOf(words.map((_, word) => [patch, word]));

  // ---- the head: the picture as it is, the words, how much of the picture shows through
  const head = make("div", "head");
  if (pair.picture) {
    const small = make("img", "small");
    small.src = pair.picture;
    small.alt = "the picture, in its own colours";
    head.append(small);
  }
  const caption = make("div", "caption");
  caption.append(make("div", "quiet", pair.hint));
  const chips = make("div", "chips");
  chips.setAttribute("role", "radiogroup");
  chips.setAttribute("aria-label", "Words of the caption");
  const chipOf = words.map((word, i) => {
    const chip = make("button", "chip");
    chip.type = "button";
    chip.setAttribute("role", "radio");
    chip.append(make("b", "", word), make("small", ""));
    chip.addEventListener("pointerenter", () => show({ word: i, patch: null }));
    chip.addEventListener("pointerleave", () => show({ word: null, patch: view.kept }));
    chip.addEventListener("focus", () => show({ word: i, patch: null }));
    chip.addEventListener("blur", () => show({ word: null, patch: view.kept }));
    chip.addEventListener("click", () => { view.pinned = i; view.kept = null; show({ word: null, patch: null }); });
    chip.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const next = event.key === "Home" ? 0 : event.key === "End" ? words.length - 1 : step && (i + step + words.length) % words.length;
      if (next === undefined) return;
      event.preventDefault();
      chipOf[next].focus();
    });
    chips.append(chip);
    return chip;
  });
  caption.append(chips);
  head.append(caption);
  const overPicture = Boolean(pair.picture && pair.isGrid);
  const settings = make("div", "settings quiet");
  const stretch = make("label", "mix");
  const box = make("input");
  Object.assign(box, { type: "checkbox", checked: view.stretch });
  box.addEventListener("input", () => { view.stretch = box.checked; paint(); });
  stretch.append(box, "Stretch the colours to this word");
  settings.append(stretch);
  head.append(settings);
  if (overPicture) {
    const mix = make("label", "mix");
    const slider = make("input");
    Object.assign(slider, { type: "range", min: 0, max: 1, step: 0.05, value: view.mix });
    slider.setAttribute("aria-label", "How strongly the map covers the picture");
    slider.addEventListener("input", () => { view.mix = Number(slider.value); paint(); });
    mix.append("Picture", slider, "Map");
    settings.prepend(mix);
  }

  // ---- three panels
  const panels = make("div", "panels");
  const parts = pair.sides.map((side, k) => {
    const panel = make("section", "panel");
    panel.style.setProperty("--place", k + 1);
    const title = ["Left: ", "Right: ", ""][k] + side.label;
    const maps = make("div", "maps");
    const frame = make("div", "frame");
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", `${title}: map over ${names.length} patches; arrow keys move over them`);
    frame.style.aspectRatio = `${pair.columns} / ${pair.rows}`;
    let picture = null;
    if (overPicture) {
      picture = make("img");
      picture.src = pair.picture;
      picture.alt = "";
      frame.append(picture);
    }
    const svg = draw("svg", { viewBox: `0 0 ${pair.columns} ${pair.rows}`, "aria-hidden": "true" });
    const apart = draw("svg", { viewBox: "0 0 1 1", "aria-hidden": "true" });
    const gap = overPicture ? 0 : 0.02;
    const cells = names.map((_, patch) => {
      const at = patch - pair.leading;
      const [x, y] = at < 0 ? [0, 0] : [at % pair.columns, Math.floor(at / pair.columns)];
      const cell = draw("rect", { x: x + gap, y: y + gap, width: 1 - 2 * gap, height: 1 - 2 * gap, class: real[patch] ? "cell" : "gone", "data-patch": patch });
      (at < 0 ? apart : svg).append(cell);
      let number = null;
      if (!pair.isGrid) {
        number = draw("text", { x: x + 0.5, y: y + 0.5, class: "number" });
        number.textContent = patch;
        svg.append(number);
      }
      return { cell, number, x, y, home: at < 0 ? apart : svg };
    });
    const enter = (event) => {
      const patch = event.target.dataset.patch;
      if (patch !== undefined && real[patch]) { view.side = k; show({ word: null, patch: Number(patch) }); }
    };
    for (const surface of [svg, apart]) {
      surface.addEventListener("pointerover", enter);
      surface.addEventListener("pointerleave", () => { show({ word: null, patch: view.kept }); });
      surface.addEventListener("click", (event) => {
        enter(event);
        view.kept = view.kept === view.patch ? null : view.patch;
        show({ word: null, patch: view.kept });
      });
    }
    frame.addEventListener("focus", () => { if (frame.matches(":focus-visible")) { view.side = k; show({ word: null, patch: view.patch ?? firstReal(k) }); } });
    frame.addEventListener("blur", () => show({ word: null, patch: view.kept }));
    frame.addEventListener("keydown", (event) => walk(event, k));
    frame.append(svg);
    maps.append(frame);
    if (pair.leading) {
      const row = make("div", "apart quiet");
      row.append(apart, make("span", "", "class token, no place in the picture"));
      maps.append(row);
    }
    const line = make("p", "read quiet");
    panel.append(make("h4", "", title), maps, line);
    panels.append(panel);
    return { svg, apart, cells, line, picture };
  });

  function firstReal(k) {
    return k === 2 ? pair.sides[1].patchOfWord[view.pinned] : pair.sides[k].patchOfWord[view.pinned];
  }

  function walk(event, k) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: pair.columns, ArrowUp: -pair.columns }[event.key];
    if (event.key === "Escape") { view.kept = null; show({ word: null, patch: null }); return; }
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); view.kept = view.kept === view.patch ? null : view.patch; paint(); return; }
    if (step === undefined) return;
    event.preventDefault();
    view.side = k;
    let next = view.patch ?? firstReal(k);
    do { next += step; } while (next >= 0 && next < names.length && !real[next]);
    if (next >= 0 && next < names.length) show({ word: null, patch: next });
  }

  // ---- the keys of the colours
  const bars = make("div", "bars");
  const bar = (kind, colour) => {
    const one = make("div", `bar ${kind}`);
    const title = make("div", "quiet");
    const strip = make("div", "scale");
    strip.style.background = `linear-gradient(90deg, ${colour})`;
    const row = make("div", "ends");
    const ends = [0, 1, 2].map(() => row.appendChild(make("span")));
    one.append(title, strip, row);
    bars.append(one);
    return (name, numbers) => { title.textContent = name; numbers.forEach((text, i) => { ends[i].textContent = text; }); };
  };
  const both = bar("both", colours.sequential.join(","));
  const change = bar("change", `${colours.loss},${overPicture ? "#F0F0F0" : "transparent"},${colours.gain}`);
  const said = make("div", "said");
  said.setAttribute("aria-live", "polite");
  const note = make("p", "note quiet");
  root.replaceChildren(head, panels, bars, note, said);
  if (overPicture) {
    const first = parts[0].picture;
    const judge = () => {
      const ratio = first.naturalWidth / first.naturalHeight;
      if (Math.abs(ratio - pair.columns / pair.rows) > 0.03) note.textContent = "This picture is not square. The patches are laid over its middle square, as CLIP crops it; an encoder that crops otherwise sees other places.";
    };
    if (first.complete) judge(); else first.addEventListener("load", judge);
  }

  function show({ word, patch }) {
    view.word = word;
    view.patch = patch;
    paint();
  }

  function paint() {
    const word = view.word ?? view.pinned;
    const patch = view.patch;
    const limits = wordScale(word);
    parts.forEach((part, k) => paintPanel(part, k, word, patch, limits));
    const whose = view.stretch ? "this word alone, one scale for both sides" : "one scale for both sides and all words";
    both(`similarity s of patch and word; ${whose}`, [limits.low, (limits.low + limits.high) / 2, limits.high].map((v) => fixed(v)));
    change("change of s, right minus left; clear where nothing changes", [signed(-limits.reach), "0", signed(limits.reach)]);
    paintChips(word, patch);
    said.textContent = patch === null ? `${words[word]}: ${parts.map((part) => part.line.textContent).join("; ")}` : `${parts[view.side].line.textContent}`;
  }

  function paintPanel(part, k, word, patch, limits) {
    part.cells.forEach(({ cell, number }, i) => {
      if (!real[i]) return;
      const value = pair.at(k, i, word);
      const colour = k === 2 ? (value < 0 ? colours.loss : colours.gain) : `rgb(${similarity(value, limits).join(",")})`;
      cell.setAttribute("fill", colour);
      const cover = overPicture ? view.mix : 1;
      cell.setAttribute("fill-opacity", k === 2 ? share(value, limits) * Math.min(1, cover + 0.2 * (cover > 0)) : cover);
      if (number) number.setAttribute("fill", k === 2 ? (share(value, limits) > 0.55 ? "#fff" : "currentColor") : light(similarity(value, limits)) ? "#111" : "#fff");
    });
    if (part.picture) {
      // Clear cells show the picture itself, so it is made pale there: its own darks must not pass for a change.
      const pale = k === 2 ? ` contrast(${1 - 0.6 * view.mix}) brightness(${1 + 0.35 * view.mix})` : "";
      part.picture.style.filter = `grayscale(${Math.min(1, view.mix * 2)})${pale}`;
    }
    for (const ring of [...part.svg.querySelectorAll(".ring"), ...part.apart.querySelectorAll(".ring")]) ring.remove();
    const ring = (at, kinds) => {
      const { x, y, home } = part.cells[at];
      for (const kind of kinds) home.append(draw("rect", { x: x + 0.03, y: y + 0.03, width: 0.94, height: 0.94, class: `ring ${kind}`, "data-at": at }));
    };
    const [then, now] = [0, 1].map((side) => pair.sides[side].patchOfWord[word]);
    if (patch === null) {
      if (k === 2 && then !== now) ring(then, ["under", "over old"]);
      ring(k === 0 ? then : now, ["under", "over"]);
    } else {
      ring(patch, ["under", "over"]);
    }
    part.line.textContent = patch === null ? wordLine(k, word) : patchLine(k, patch);
  }

  function wordLine(k, word) {
    const [then, now] = [0, 1].map((side) => pair.sides[side].patchOfWord[word]);
    if (k === 2) {
      const moved = then === now ? "the same best patch" : `best patch moves from ${names[then]} to ${names[now]}`;
      return `“${words[word]}” adds ${signed(pair.sides[2].fromWords[word], 4)} to the score; ${moved}`;
    }
    const best = k === 0 ? then : now;
    return `“${words[word]}” is strongest at ${names[best]}, s = ${fixed(pair.at(k, best, word))}; adds ${signed(pair.sides[k].fromWords[word], 4)}`;
  }

  function patchLine(k, patch) {
    const [then, now] = [0, 1].map((side) => pair.sides[side].wordOfPatch[patch]);
    if (k === 2) {
      const moved = then === now ? "the same best word" : `best word changes from “${words[then]}” to “${words[now]}”`;
      return `${names[patch]} adds ${signed(pair.sides[2].fromPatches[patch], 4)} to the score; ${moved}`;
    }
    const best = k === 0 ? then : now;
    return `${names[patch]}: its word is “${words[best]}”, s = ${fixed(pair.at(k, patch, best))}; adds ${signed(pair.sides[k].fromPatches[patch], 4)}`;
  }

  function paintChips(word, patch) {
    const side = view.side;
    const limits = patch === null ? null : patchScale(patch);
    chipOf.forEach((chip, i) => {
      const small = chip.lastChild;
      const pinned = i === view.pinned;
      chip.className = "chip" + (i === word && patch === null ? " shown" : "") + (pinned ? " pinned" : "");
      chip.setAttribute("aria-checked", String(pinned));
      chip.tabIndex = pinned ? 0 : -1;
      chip.style.background = chip.style.color = small.style.color = "";
      if (patch === null) {
        const change = pair.sides[2].fromWords[i];
        small.textContent = signed(change, 4);
        small.style.color = Number(change.toFixed(4)) ? (change > 0 ? colours.gainInk : colours.lossInk) : "";
        return;
      }
      const value = pair.at(side, patch, i);
      small.textContent = side === 2 ? signed(value) : fixed(value);
      if (side === 2) {
        chip.style.background = `color-mix(in srgb, ${value < 0 ? colours.loss : colours.gain} ${Math.round(60 * share(value, limits))}%, var(--st-background-color))`;
      } else {
        const tint = similarity(value, limits);
        chip.style.background = `rgb(${tint.join(",")})`;
        chip.style.color = light(tint) ? "#111" : "#fff";
      }
      const [then, now] = [0, 1].map((one) => pair.sides[one].wordOfPatch[patch]);
      if (i === (side === 0 ? then : now)) chip.className += " wins";
      else if (side === 2 && i === then) chip.className += " won";
    });
  }

  paint();
}
