// What camseg.explorer.packing has packed, as numbers again; and the files of ROIs.
"use strict";

const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

const inflate = async text => {
  const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

// A heat map: {side, grey: side * side numbers of 0 to 255}.
const unpackMap = async ([side, differ, text]) => {
  const grey = await inflate(text);
  if (differ) for (let row = 0; row < side; row++) for (let column = 0, place = row * side; column < side; column++, place++)
    grey[place] += (row && grey[place - side]) + (column && grey[place - 1]) - (row && column && grey[place - side - 1]);
  return {side, grey};
};

// A mask as a map of 0 and 1.
const unpackMask = async (text, side) => {
  const bits = await inflate(text), grey = new Uint8Array(side * side);
  for (let place = 0; place < grey.length; place++) grey[place] = bits[place >> 3] >> (7 - (place & 7)) & 1;
  return {side, grey};
};

// Dice curves, 256 numbers each.
const unpackCurves = async text => {
  const parts = await inflate(text), half = parts.length / 2, curves = [];
  for (let start = 0; start < half; start += 256) {
    const curve = new Float64Array(256);
    for (let t = 0, whole = 0; t < 256; t++) {
      whole = whole + parts[start + t] + 256 * parts[half + start + t] & 65535;
      curve[t] = whole / 65535;
    }
    curves.push(curve);
  }
  return curves;
};

const unpackImage = async text => {
  const image = new Image();
  image.src = `data:image/jpeg;base64,${text}`;
  await image.decode();
  return image;
};

// The files rois-0.js and so on beside the page, each loaded when one of its ROIs is first shown.
const explorer = {
  shards: new Map(),
  waiting: new Map(),
  take(number, packed) {
    this.shards.set(number, packed);
  },
  load(number) {
    if (!this.waiting.has(number)) this.waiting.set(number, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `rois-${number}.js`;
      script.onload = () => resolve(this.shards.get(number));
      script.onerror = () => reject(new Error(`${script.src} is missing: it has to lie beside this page`));
      document.head.append(script);
    }));
    return this.waiting.get(number);
  },
};
