/**
 * Elements are made here and nowhere else: data becomes text and attributes, never markup. The page's policy (trusted types) holds the browser to
 * it.
 */

/**
 * @param attributes by name; a function is a listener, `false` and null leave an attribute out.
 * @param children texts and elements.
 */
export function el(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

export function show(id, isShown) {
  byId(id).hidden = !isShown;
}

/** Puts something in an element's place; the same link or button as before keeps the focus. */
export function fill(id, ...children) {
  const host = byId(id);
  const focused = host.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  host.replaceChildren(...children.filter((child) => child != null));
  if (focused) [...host.querySelectorAll("[data-focus]")].find(({ dataset }) => dataset.focus === focused)?.focus();
}

/** A table's head, body and foot. @param columns { title, number } @param rows arrays of cells @param foot one more row */
export function tableParts(columns, rows, foot) {
  const cells = (row) =>
    row.map((cell, at) => {
      const first = at === 0;
      return el(
        first ? "th" : "td",
        { scope: first ? "row" : null, class: columns[at].number ? "number" : null },
        cell,
      );
    });
  const heads = columns.map(({ title, number }) => el("th", { scope: "col", class: number ? "number" : null }, title));
  return [
    el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells(row)))),
    foot ? el("tfoot", {}, el("tr", {}, ...cells(foot))) : null,
  ];
}

/** A sample of how an outcome is drawn. */
export function swatch(code) {
  return svg(
    "svg",
    { class: "swatch", width: "14", height: "14", "aria-hidden": "true" },
    svg("rect", { class: `fill-${code}`, width: "14", height: "14", rx: "3" }),
  );
}
