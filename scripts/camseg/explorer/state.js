// What is shown, kept in the address; which ROIs that are, and in which order.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const ROIS = data.rois, COUNT = ROIS.id.length;
const names = key => [...new Set(data.sets.map(set => set[key]))];
const MODELS = names("model"), EXPLANATIONS = names("explanation"), SPLITS = Object.keys(data.splits);
const REGIMES = [...new Set(data.trainings.map(training => training.regime))];
const SIDES = Object.fromEntries(data.sides.map(side => [side[0], side]));
const FLAGS = [...new Set(ROIS.flags.flat())].sort(), NO_PLACE = "map shows no place";
const IN_MM2 = ROIS.area.every(area => area !== 0); // else the lesion's share of the ROI
const UNIT = IN_MM2 ? "mm²" : "%";
const SIZES = IN_MM2 ? ROIS.area : ROIS.share.map(share => share === null ? null : 100 * share);

const CHOICES = {model: MODELS, explanation: EXPLANATIONS, regime: REGIMES, split: SPLITS, class: ["", "abnormal", "normal"],
  side: ["", ...data.sides], verdict: ["", "right", "wrong"], flag: ["", "no flag", "any flag", ...FLAGS, NO_PLACE],
  beside: ["models", "explanations"]};
const COLUMNS = ["id", "class", "side", "verdict", "dice", "placement", "size"];
const FILTERS = {class: "", side: "", verdict: "", flag: "", find: "", dice_from: "", dice_to: "", placement_from: "",
  placement_to: "", size_from: "", size_to: ""};
// t: "" is the threshold chosen for the set of maps; a sort that falls begins with -
const DEFAULTS = {...data.shown, roi: "", t: "", opacity: 45, outline: true, contour: true, beside: "models", sort: "-dice", ...FILTERS};
const state = {...DEFAULTS};

// The state of an address; what is not in it is as at first. Unknown names are told, not taken.
const readAddress = () => {
  const odd = [];
  Object.assign(state, DEFAULTS);
  for (const [key, text] of new URLSearchParams(location.hash.slice(1))) {
    const kind = typeof DEFAULTS[key], number = Number(text);
    const known = !(key in DEFAULTS) ? false
      : key in CHOICES ? CHOICES[key].includes(text)
        : key === "roi" ? ROIS.id.includes(text)
          : key === "sort" ? COLUMNS.includes(text.replace("-", ""))
            : key === "t" ? text !== "" && Number.isInteger(number) && number >= 0 && number <= 255
              : key === "opacity" ? number >= 0 && number <= 100
                : key.includes("_") ? text !== "" && Number.isFinite(number) : true;
    if (known) state[key] = kind === "boolean" ? text !== "no" : kind === "number" || key === "t" ? number : text;
    else odd.push(`${key}=${text}`);
  }
  return odd;
};

const address = (changes = {}) => {
  const told = new URLSearchParams(), next = {...state, ...changes};
  for (const [key, value] of Object.entries(next))
    if (key === "model" || value !== DEFAULTS[key]) told.set(key, value === false ? "no" : value);
  return `#${told}`;
};

const setOf = (explanation, model) => data.sets.findIndex(set =>
  set.explanation === explanation && set.model === model && set.split === state.split);
const shownSet = () => data.sets[setOf(state.explanation, state.model)];
const training = () => data.trainings.find(each =>
  each.regime === state.regime && each.model === state.model && each.split === state.split);

const classOf = roi => ROIS.abnormal[roi] ? "abnormal" : "normal";
const sideOf = roi => SIDES[data.splits[state.split][roi]];
const probabilityOf = roi => training()?.probability[roi] ?? null;
const verdictOf = roi => {
  const probability = probabilityOf(roi);
  return probability === null ? "" : probability > 0.5 === Boolean(ROIS.abnormal[roi]) ? "right" : "wrong";
};
const flagsOf = (roi, set = shownSet()) => set?.degenerate.includes(roi) ? [...ROIS.flags[roi], NO_PLACE] : ROIS.flags[roi];

const VALUES = {
  id: roi => ROIS.id[roi], class: classOf, side: sideOf,
  verdict: roi => verdictOf(roi) && `${verdictOf(roi)} ${probabilityOf(roi).toFixed(6)}`,
  dice: roi => shownSet()?.dice[roi] ?? null, placement: roi => shownSet()?.placement[roi] ?? null, size: roi => SIZES[roi],
};

const passes = roi => {
  const flags = flagsOf(roi), {find} = state;
  if (state.class && classOf(roi) !== state.class || state.side && sideOf(roi) !== state.side) return false;
  if (state.verdict && verdictOf(roi) !== state.verdict) return false;
  if (state.flag === "no flag" ? flags.length : state.flag === "any flag" ? !flags.length : state.flag && !flags.includes(state.flag)) return false;
  const text = [ROIS.id, ROIS.patient, ROIS.type, ROIS.pathology].map(column => column[roi]).join(" ").toLowerCase();
  if (find && !text.includes(find.toLowerCase())) return false;
  return ["dice", "placement", "size"].every(name => {
    const from = state[`${name}_from`], to = state[`${name}_to`];
    if (from === "" && to === "") return true;
    const value = VALUES[name](roi);
    return value !== null && (from === "" || value >= from) && (to === "" || value <= to);
  });
};

// The ROIs that pass the filters, in order; what has no value comes last.
const listed = () => {
  const falls = state.sort.startsWith("-"), value = VALUES[state.sort.replace("-", "")];
  const order = new Intl.Collator("en", {numeric: true}).compare;
  const missing = key => key === null || key === "";
  return [...Array(COUNT).keys()].filter(passes).map(roi => [value(roi), roi]).sort(([a, first], [b, second]) =>
    missing(a) - missing(b) || (missing(a) ? 0 : (falls ? -1 : 1) * (typeof a === "number" ? a - b : order(a, b)))
    || order(ROIS.id[first], ROIS.id[second])).map(([, roi]) => roi);
};
