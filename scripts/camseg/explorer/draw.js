// A ROI with its heat map and outlines on a canvas, its Dice curve, its place in the mammogram.
"use strict";

const COLOURS = Uint8Array.from(data.colours.match(/../g), pair => parseInt(pair, 16));

// The border of the pixels of a map above a level, as a path in units of the ROI's side: marching
// squares over the pixels' centres; beyond the edge nothing is above it, so that every line closes.
const contour = ({side, grey}, level) => {
  const path = new Path2D(), wide = side + 2, border = new Float64Array(wide * wide).fill(-1);
  for (let row = 0; row < side; row++) for (let column = 0; column < side; column++)
    border[(row + 1) * wide + column + 1] = grey[row * side + column];
  // an edge between two centres: twice the place of the first, and 1 more if it goes down
  const point = edge => {
    const first = edge >> 1, second = first + (edge & 1 ? wide : 1);
    const part = (level - border[first]) / (border[second] - border[first]);
    const x = first % wide + (edge & 1 ? 0 : part), y = Math.floor(first / wide) + (edge & 1 ? part : 0);
    return [x, y].map(value => Math.min(1, Math.max(0, (value - 0.5) / side)));
  };
  const next = new Map(); // from edge to edge, what is above the level always on the left
  for (let y = 0; y < wide - 1; y++) for (let x = 0; x < wide - 1; x++) {
    const place = y * wide + x, above = offset => border[place + offset] > level;
    const kind = above(0) | above(1) << 1 | above(wide + 1) << 2 | above(wide) << 3;
    if (!kind || kind === 15) continue;
    const top = 2 * place, left = top + 1, right = left + 2, bottom = top + 2 * wide;
    const ends = {1: [left, top], 2: [top, right], 3: [left, right], 4: [right, bottom], 5: [left, top, right, bottom],
      6: [top, bottom], 7: [left, bottom], 8: [bottom, left], 9: [bottom, top], 10: [top, right, bottom, left],
      11: [bottom, right], 12: [right, left], 13: [right, top], 14: [top, left]}[kind];
    for (let end = 0; end < ends.length; end += 2) next.set(ends[end], ends[end + 1]);
  }
  for (const start of next.keys()) {
    if (!next.has(start)) continue;
    path.moveTo(...point(start));
    for (let edge = next.get(start); next.has(edge);) {
      path.lineTo(...point(edge));
      const after = next.get(edge);
      next.delete(edge);
      edge = after;
    }
    path.closePath();
  }
  return path;
};

// A map in its colours, one canvas pixel a map's pixel.
const coloured = ({side, grey}) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pixels = new ImageData(side, side);
  grey.forEach((value, place) => {
    pixels.data.set(COLOURS.subarray(3 * value, 3 * value + 3), 4 * place);
    pixels.data[4 * place + 3] = 255;
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
};

const stroke = (context, path, colour, dash, scale, width) => {
  const scaled = new Path2D();
  scaled.addPath(path, new DOMMatrix([scale, 0, 0, scale, 0, 0]));
  context.setLineDash([]);
  context.lineWidth = width + 2;
  context.strokeStyle = "rgb(0 0 0 / 45%)";
  context.stroke(scaled);
  context.setLineDash(dash);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(scaled);
};

const draw = (canvas, roi, map, t, state) => {
  const scale = Math.round(canvas.clientWidth * devicePixelRatio) || 128;
  canvas.width = canvas.height = scale;
  const context = canvas.getContext("2d"), width = Math.max(1.2, scale / 220);
  context.imageSmoothingQuality = "high";
  context.drawImage(roi.image, 0, 0, scale, scale);
  if (map && state.opacity > 0) {
    map.coloured ??= coloured(map);
    context.globalAlpha = state.opacity / 100;
    context.drawImage(map.coloured, 0, 0, scale, scale);
    context.globalAlpha = 1;
  }
  if (map && state.contour) stroke(context, contour(map, t + 0.5), "#ff6fb5", [5 * width, 3 * width], scale, width);
  if (roi.mask && state.outline) stroke(context, roi.outline ??= contour(roi.mask, 0.5), "#fff", [], scale, width);
};

const svg = (name, attributes, text = "") => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
};

// The Dice curve of the map shown, others behind it, the threshold and the dot on the curve.
const GRAPH = {left: 40, right: 540, top: 8, bottom: 150}; // in pixels; its right end is the page's
const across = t => GRAPH.left + t / 255 * (GRAPH.right - GRAPH.left);
const upwards = dice => GRAPH.bottom - dice * (GRAPH.bottom - GRAPH.top);
const curvePath = curve => `M${Array.from(curve, (dice, t) => `${across(t).toFixed(1)} ${upwards(dice).toFixed(1)}`).join("L")}`;

const drawCurve = (element, curve, others, t) => {
  const wide = element.clientWidth || 560;
  GRAPH.right = wide - 16;
  element.setAttribute("viewBox", `0 0 ${wide} 190`);
  const {left, right, top, bottom} = GRAPH;
  const parts = [svg("path", {class: "axis", d: `M${left} ${top}V${bottom}H${right}M${left} ${upwards(0.5)}H${right}M${left} ${top}H${right}`})];
  for (const dice of [0, 0.5, 1]) parts.push(svg("text", {x: left - 6, y: upwards(dice) + 4, "text-anchor": "end"}, dice));
  for (const grey of [0, 64, 128, 192, 255]) parts.push(svg("text", {x: across(grey), y: bottom + 16, "text-anchor": "middle"}, grey));
  parts.push(svg("text", {x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle"}, "threshold t"));
  parts.push(svg("text", {x: 12, y: (top + bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(top + bottom) / 2})`}, "Dice"));
  for (const other of others) parts.push(svg("path", {class: "other", d: curvePath(other)}));
  parts.push(svg("path", {class: "this", d: curvePath(curve)}));
  parts.push(svg("path", {class: "level", d: `M${across(t)} ${top}V${bottom}`}));
  parts.push(svg("circle", {cx: across(t), cy: upwards(curve[t]), r: 6}));
  element.replaceChildren(...parts);
};

// The whole picture, small, and in it the ROI's box.
const drawPlace = (element, picture, [width, height], [x, y, w, h]) => {
  const line = Math.max(width, height) / 90;
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const box = {x, y, width: w, height: h, fill: "none"};
  element.replaceChildren(
    svg("image", {href: `data:image/jpeg;base64,${picture}`, width, height, preserveAspectRatio: "none"}),
    svg("rect", {...box, stroke: "#000", "stroke-width": 2 * line}),
    svg("rect", {...box, stroke: "#56b4e9", "stroke-width": line}));
};
