// The page: fills the list and the ROI shown from the state, and changes the state by its controls.
"use strict";

const at = id => document.getElementById(id);
const three = value => value === null || value === undefined ? "" : value.toFixed(3);
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const option = (value, text = value) => element("option", {value, textContent: text});
// a name that a line may end in after its signs
const breakable = name => name.split(/(?<=[._])/).flatMap(part => [part, element("wbr")]);
const title = explanation => data.titles[explanation] ?? explanation;

let order = [], chosen = -1, known = null; // ROIs of the list, the one shown, what is unpacked of it
let drawn = 0; // how often a map was drawn: what was unpacked for an earlier time is not

const fillControls = () => {
  const form = at("controls").elements;
  form.model.append(...MODELS.map(name => option(name)));
  form.explanation.append(...EXPLANATIONS.map(name => option(name, title(name))));
  form.regime.append(...REGIMES.map(name => option(name)));
  form.split.append(...SPLITS.map(name => option(name)));
  form.side.append(...data.sides.filter(side => Object.values(data.splits).some(text => text.includes(side[0]))).map(side => option(side)));
  form.flag.append(...FLAGS.map(flag => option(flag)), option(NO_PLACE));
  for (const unit of document.querySelectorAll(".unit")) unit.textContent = UNIT;
  at("bar").style.background = `linear-gradient(to right, ${Array.from({length: 17}, (_, step) => {
    const place = 3 * Math.min(255, 16 * step);
    return `rgb(${COLOURS.subarray(place, place + 3)})`;
  })})`;
};

const syncControls = () => {
  for (const form of ["controls", "sliders", "beside"]) for (const control of at(form).elements) {
    if (!(control.name in state) || control === document.activeElement && control.type !== "range" && control.type !== "checkbox") continue;
    if (control.type === "checkbox") control.checked = state[control.name];
    else if (control.type === "radio") control.checked = state[control.name] === control.value;
    else control.value = control.name === "t" ? threshold() : state[control.name];
  }
  if (Object.keys(FILTERS).some(key => state[key] !== "")) at("filters").open = true;
};

const threshold = (set = shownSet()) => state.t === "" ? set?.threshold ?? 0 : state.t;

const row = roi => {
  const verdict = verdictOf(roi), probability = probabilityOf(roi);
  const picture = element("span", {className: "picture"});
  picture.style.backgroundPosition = `${-56 * (roi % data.across)}px ${-56 * Math.floor(roi / data.across)}px`;
  const link = element("a", {href: address({roi: ROIS.id[roi]})}, ...breakable(ROIS.id[roi]));
  const mark = verdict && element("span", {className: verdict, textContent: verdict === "right" ? "✓ right" : "✗ wrong"});
  const cells = [
    element("td", {}, picture),
    element("th", {scope: "row"}, link, element("small", {textContent: flagsOf(roi).join("; ")})),
    element("td", {className: "wide", textContent: classOf(roi)}),
    element("td", {className: "wide", textContent: sideOf(roi)}),
    element("td", {}, mark, element("small", {textContent: probability === null ? "" : `P ${probability.toFixed(3)}`})),
    element("td", {className: "number", textContent: three(VALUES.dice(roi))}),
    element("td", {className: "number middle", textContent: three(VALUES.placement(roi))}),
    element("td", {className: "number wide", textContent: SIZES[roi] === null ? "" : SIZES[roi].toFixed(IN_MM2 ? 0 : 1)}),
  ];
  const made = element("tr", {}, ...cells);
  made.dataset.roi = roi;
  return made;
};

const showList = () => {
  order = listed();
  at("rows").replaceChildren(...order.map(row));
  at("count").textContent = `${order.length} of ${COUNT} ROIs`;
  for (const head of document.querySelectorAll("th[data-sort]")) {
    const sorted = state.sort.replace("-", "") === head.dataset.sort;
    head.ariaSort = sorted ? state.sort.startsWith("-") ? "descending" : "ascending" : null;
  }
};

const markRow = scroll => {
  for (const made of at("rows").rows) {
    const is = Number(made.dataset.roi) === chosen;
    made.classList.toggle("chosen", is);
    if (is) made.querySelector("a").setAttribute("aria-current", "true");
    else made.querySelector("a").removeAttribute("aria-current");
    if (is && scroll) {
      const list = at("list"), [top, bottom] = [made.offsetTop - 40, made.offsetTop + made.offsetHeight];
      if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
    }
  }
};

// What is packed of a ROI, unpacked; null if another was chosen meanwhile.
const unpackRoi = async roi => {
  const [shard, place] = ROIS.place[roi], packed = (await explorer.load(shard)).rois[place];
  const found = {
    roi, maps: new Map(), picture: explorer.shards.get(shard).views[packed.view], view: packed.view,
    image: await unpackImage(packed.image),
    mask: packed.mask && await unpackMask(packed.mask, data.size),
    curves: packed.curves && await unpackCurves(packed.curves),
    map: async set => {
      if (!found.maps.has(set)) found.maps.set(set, packed.maps[set] && await unpackMap(packed.maps[set]));
      return found.maps.get(set);
    },
  };
  return found;
};

const besides = () => state.beside === "models"
  ? MODELS.map(model => ({model, name: model})) : EXPLANATIONS.map(explanation => ({explanation, name: title(explanation)}));

const describeMap = (found, set, t) => {
  const dice = found.curves && `Dice ${three(found.curves[set][t])} at t = ${t}`;
  const outline = found.mask ? "lesion outlined in white" : "a normal ROI, without a lesion";
  return `ROI ${ROIS.id[found.roi]}, ${outline}; heat map of ${data.sets[set].model} by ${title(data.sets[set].explanation)}, `
    + `its part above t = ${t} outlined in dashed pink. ${dice || ""}`;
};

const showMap = async found => {
  const set = setOf(state.explanation, state.model), t = threshold(), canvas = at("large"), turn = ++drawn;
  const map = await found.map(set);
  if (found.roi !== chosen || turn !== drawn) return;
  draw(canvas, found, map, t, state);
  canvas.setAttribute("aria-label", map ? describeMap(found, set, t) : `ROI ${ROIS.id[found.roi]}; no heat map is made of a normal ROI by this explanation`);
  at("at").textContent = t;
  at("opaque").textContent = `${state.opacity} %`;
  const own = data.sets[set].threshold, mean = three(data.sets[set].dice[found.roi]);
  at("own").disabled = state.t === "" || state.t === own;
  const fewer = map && map.side < data.size ? ` Map shown at ${map.side} × ${map.side} of ${data.size} × ${data.size} pixels.` : "";
  at("graph").hidden = !found.curves;
  if (found.curves) {
    const curve = found.curves[set], dice = three(curve[t]);
    at("score").replaceChildren("Dice at t = ", String(t), t === own ? " (chosen): " : ": ", element("strong", {id: "dice", textContent: dice}),
      ` · mean over t: ${mean} · placement: ${three(data.sets[set].placement[found.roi]) || "none"}.${fewer}`);
    const others = besides().map(each => setOf(each.explanation ?? state.explanation, each.model ?? state.model)).filter(each => each >= 0 && each !== set);
    drawCurve(at("curve"), curve, others.map(each => found.curves[each]), t);
    at("curve").setAttribute("aria-label", `Dice over the threshold: ${dice} at t = ${t}, highest ${three(Math.max(...curve))} `
      + `at t = ${curve.indexOf(Math.max(...curve))}; thin lines: ${state.beside === "models" ? "other models" : "other explanations"}`);
  } else at("score").textContent = map ? `A normal ROI has no outline, and so no Dice.${fewer}` : "By this explanation no map is made of a normal ROI.";
  const boxes = [...at("others").children];
  for (const [number, each] of besides().entries()) {
    const other = setOf(each.explanation ?? state.explanation, each.model ?? state.model);
    const theirs = await found.map(other);
    if (found.roi !== chosen || turn !== drawn) return;
    const own = threshold(data.sets[other]), small = boxes[number].querySelector("canvas");
    draw(small, found, theirs, own, state);
    const [dice, mean] = boxes[number].querySelectorAll("span");
    dice.textContent = found.curves ? `Dice ${three(found.curves[other][own])} at ${own}` : theirs ? "" : "no map";
    mean.textContent = found.curves ? `mean ${three(data.sets[other].dice[found.roi])}` : "";
  }
};

const showBesides = () => at("others").replaceChildren(...besides().filter(each => setOf(each.explanation ?? state.explanation, each.model ?? state.model) >= 0).map(each => {
  const {name, ...change} = each;
  const current = Object.entries(change).every(([key, value]) => state[key] === value);
  const box = element("a", {href: address(change)}, element("canvas", {ariaHidden: "true"}), element("strong", {textContent: name}),
    element("br"), element("span"), element("br"), element("span"));
  if (current) box.setAttribute("aria-current", "true");
  return box;
}));

const showFacts = found => {
  const roi = found.roi, [x, y, w, h] = ROIS.box[roi], share = ROIS.share[roi], probability = probabilityOf(roi);
  at("name").textContent = ROIS.id[roi];
  const verdict = probability === null ? `${state.model} (${state.regime}) has no verdict on it`
    : `${state.model} (${state.regime}): ${verdictOf(roi)}, P(abnormal) = ${probability.toFixed(3)}`;
  const lesion = share === null ? [] : [`lesion ${(100 * share).toFixed(1)} % of the ROI${ROIS.area[roi] ? `, ${ROIS.area[roi].toFixed(0)} mm²` : ""}`];
  const facts = [classOf(roi), sideOf(roi), verdict, ...[ROIS.pathology[roi], ROIS.type[roi]].filter(Boolean), ...lesion, ...flagsOf(roi), ROIS.notes[roi]];
  at("facts").textContent = facts.filter(Boolean).join(" · ");
  drawPlace(at("mammogram"), found.picture, ROIS.picture[roi], ROIS.box[roi]);
  at("mammogram").setAttribute("aria-label", `Where the ROI lies in its picture ${found.view}: ${w} × ${h} pixels from column ${x}, line ${y}`);
  at("place").querySelector("figcaption").textContent = `${found.view}, patient ${ROIS.patient[roi]}`;
};

const showRoi = async scroll => {
  chosen = state.roi ? ROIS.id.indexOf(state.roi) : order[0] ?? -1;
  markRow(scroll);
  if (chosen < 0) return;
  showBesides();
  const wanted = chosen;
  try {
    if (known?.roi !== wanted) known = await unpackRoi(wanted);
    if (wanted !== chosen) return;
    showFacts(known);
    await showMap(known);
    document.documentElement.dataset.shown = ROIS.id[chosen];
  } catch (error) {
    at("score").textContent = error.message;
  }
};

// After any change: the address, the controls, what is shown. `parts`: "list", "roi", "map".
const update = (changes, parts) => {
  Object.assign(state, changes);
  history.replaceState(null, "", address());
  syncControls();
  if (parts === "list") showList();
  if (parts === "map" && known?.roi === chosen) showMap(known);
  else showRoi(true);
};

const fromAddress = () => {
  const odd = readAddress();
  syncControls();
  showList();
  showRoi(true);
  if (odd.length) at("count").textContent += `; the link names what this study has not: ${odd.join(", ")}`;
};

const step = by => {
  const place = order.indexOf(chosen) + by;
  if (place >= 0 && place < order.length) update({roi: ROIS.id[order[place]]}, "roi");
};
const turn = (key, names, by) => update({[key]: names.at((names.indexOf(state[key]) + by) % names.length)}, "list");

const KEYS = {
  j: () => step(1), k: () => step(-1), m: () => turn("model", MODELS, 1), M: () => turn("model", MODELS, -1),
  e: () => turn("explanation", EXPLANATIONS, 1), E: () => turn("explanation", EXPLANATIONS, -1),
  "[": () => update({t: Math.max(0, threshold() - 1)}, "map"), "]": () => update({t: Math.min(255, threshold() + 1)}, "map"),
  t: () => update({t: ""}, "map"), o: () => update({outline: !state.outline}, "map"), c: () => update({contour: !state.contour}, "map"),
  h: () => update({opacity: state.opacity ? 0 : DEFAULTS.opacity}, "map"),
  "/": () => { at("filters").open = true; at("controls").elements.find.focus(); },
};

document.addEventListener("keydown", event => {
  const typing = event.target.matches("select, input:not([type=range], [type=checkbox], [type=radio])");
  if (typing || event.ctrlKey || event.altKey || event.metaKey || !at("keys").checked || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});
at("controls").addEventListener("input", event => {
  const {name, value, type} = event.target;
  if (name in state) update({[name]: type === "number" && value !== "" ? Number(value) : value}, "list");
});
at("controls").addEventListener("submit", event => event.preventDefault());
at("sliders").addEventListener("input", event => {
  const {name, value, type, checked} = event.target;
  update({[name]: type === "checkbox" ? checked : Number(value)}, "map");
});
at("beside").addEventListener("input", event => update({beside: event.target.value}, "roi"));
at("own").addEventListener("click", () => update({t: ""}, "map"));
at("all").addEventListener("click", () => update({...FILTERS}, "list"));
at("next").addEventListener("click", () => step(1));
at("previous").addEventListener("click", () => step(-1));
at("skip").addEventListener("click", event => { event.preventDefault(); at("detail").focus(); });
at("rows").addEventListener("click", event => {
  const made = event.target.closest("tr");
  if (!made || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  update({roi: ROIS.id[made.dataset.roi]}, "roi");
  if (innerWidth < 1000) at("detail").scrollIntoView();
});
for (const head of document.querySelectorAll("th[data-sort]")) head.querySelector("button").onclick = () => {
  const name = head.dataset.sort, first = ["dice", "placement", "size"].includes(name) ? `-${name}` : name;
  update({sort: state.sort === first ? first.startsWith("-") ? name : `-${name}` : first}, "list");
};
const onCurve = event => {
  if (event.type === "pointermove" && !event.buttons) return;
  const x = event.clientX - at("curve").getBoundingClientRect().left;
  const t = Math.round((x - GRAPH.left) / (GRAPH.right - GRAPH.left) * 255);
  update({t: Math.min(255, Math.max(0, t))}, "map");
};
at("curve").addEventListener("pointerdown", onCurve);
at("curve").addEventListener("pointermove", onCurve);
addEventListener("hashchange", fromAddress);
addEventListener("resize", () => known?.roi === chosen && showMap(known));

fillControls();
fromAddress();
