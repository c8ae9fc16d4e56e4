// The one place where elements are made. Data only ever enters the document as text nodes, as properties from a
// short list, or as attributes with safe names: there is no innerHTML in this page, so hostile text stays text.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "on") for (const [event, fn] of Object.entries(value)) element.addEventListener(event, fn);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function fragment(...children) {
  const result = document.createDocumentFragment();
  result.append(...children.flat(Infinity).filter(Boolean));
  return result;
}

// Only web addresses become links; javascript:, data:, file: and anything unreadable do not.
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

// A file that lies beside these modules, wherever the server put them.
export const asset = (name) => new URL(name, import.meta.url).pathname;

const LOOPBACK = new Set(["127.0.0.1", "localhost"]);

// Pictures are loaded from this machine only, so that looking at a message cannot tell the outside about it.
export function localAddress(text) {
  try {
    const url = new URL(text, location.href);
    return url.protocol === location.protocol && url.port === location.port && LOOPBACK.has(url.hostname)
      ? new URL(url.pathname + url.search, location.href).href
      : null;
  } catch {
    return null;
  }
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  bell: "M10 3a4.5 4.5 0 0 0-4.5 4.5c0 4-1.5 5-1.5 5h12s-1.5-1-1.5-5A4.5 4.5 0 0 0 10 3zM8.5 15.5a1.6 1.6 0 0 0 3 0",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  list: "M8 5.5h8.5M8 10h8.5M8 14.5h8.5M3.5 5.5l1 1 1.5-2M3.5 10l1 1 1.5-2M3.5 14.5l1 1 1.5-2",
  close: "M5 5l10 10M15 5L5 15",
  reply: "M4 5h12v8H9l-3.5 3v-3H4z",
  home: "M3.5 9.5L10 4l6.5 5.5M5.5 8.5V16h9V8.5",
  send: "M3.5 10L16.5 4l-4 12.5-3-5z",
  down: "M5 8l5 5 5-5",
  eye: "M2.5 10s3-5 7.5-5 7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  dots: "M5 10h.01M10 10h.01M15 10h.01",
  back: "M12 5l-5 5 5 5",
  phone: "M6.5 3h7v14h-7zM9 14.5h2",
  pin: "M8 3h4l-.5 5 2.5 2.5V12H6v-1.5L8.5 8zM10 12v5",
  file: "M6 3h5l3.5 3.5V17H6zM11 3v3.5h3.5",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `glyph glyph-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// A name that is unique in this document, for aria-controls, labels and descriptions.
let used = 0;
export const uniqueId = (stem) => `${stem}-${(used += 1)}`;
