// What is wrong with the page as it is shown now: a list of sentences. It is run in the page.
(() => {
  const found = [];
  const say = (element, text) => {
    const of = element.nodeName.toLowerCase() + (element.getAttribute("class") ? "." + element.getAttribute("class") : "");
    found.push(`${of} ${JSON.stringify(element.textContent.trim().slice(0, 40))}: ${text}`);
  };

  // Colours as WCAG 2.2 has them: relative luminance, and the contrast ratio of two.
  const parse = (text) => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const over = (front, back) => front.rgb.map((c, i) => front.alpha * c + (1 - front.alpha) * back[i]);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const background = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.unshift(parse(getComputedStyle(e).backgroundColor));
    return layers.reduce((back, layer) => over(layer, back), dark ? [18, 18, 18] : [255, 255, 255]);
  };
  const requireContrast = (element, color, least, what) => {
    const back = background(element);
    const ratio = contrast(over(parse(color), back), back);
    if (ratio < least) say(element, `${what} has a contrast of ${ratio.toFixed(2)}, less than ${least}`);
  };

  const root = document.documentElement;
  const page = luminance(background(document.body));
  if (dark ? page > 0.1 : page < 0.7) say(document.body, `is not ${dark ? "dark" : "light"}`);

  const clipped = (element) => Boolean(element.closest("thead")) && getComputedStyle(element.closest("thead")).clipPath !== "none";
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest("svg")) continue;
    const style = getComputedStyle(element);
    const text = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim() !== "");
    if (text) {
      requireContrast(element, style.color, 4.5, "its text");
      if (parseFloat(style.fontSize) < 12) say(element, `its text is ${style.fontSize} high`);
    }
    const before = getComputedStyle(element, "::before");
    if (before.content !== "none" && before.content !== "normal") requireContrast(element, before.color, 4.5, "the text before it");
    if (clipped(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.right > root.clientWidth + 1 || box.left < -1) say(element, `is beside the page: ${box.left} to ${box.right}`);
    if (style.overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1) {
      say(element, `has to be scrolled: ${element.scrollWidth} in ${element.clientWidth}`);
    }
  }
  if (root.scrollWidth > root.clientWidth) say(root, `has to be scrolled: ${root.scrollWidth} in ${root.clientWidth}`);

  // What is drawn has to stand out from what it is drawn on: 3 is enough for that (WCAG 2.2, 1.4.11).
  for (const svg of document.querySelectorAll("svg")) {
    const [bar, used, mark] = ["bar", "used", "mark"].map((name) => svg.querySelector("." + name));
    const fill = (e) => parse(getComputedStyle(e).fill).rgb;
    const ratio = contrast(fill(used), fill(bar));
    if (ratio < 3) say(svg, `its part that is used has a contrast of ${ratio.toFixed(2)}, less than 3`);
    const under = used.getBBox().width > mark.getBBox().x ? used : bar;
    const marked = contrast(fill(mark), fill(under));
    if (marked < 3) say(svg, `its mark has a contrast of ${marked.toFixed(2)}, less than 3`);
  }

  // Structure.
  if (!root.lang) say(root, "has no language");
  if (!document.title) say(root, "has no title");
  if (document.compatMode !== "CSS1Compat") say(root, "is shown in quirks mode");
  for (const element of document.querySelectorAll("[href], [src]")) {
    const url = new URL(element.href || element.src, location);
    if (url.protocol !== "data:" && url.origin !== location.origin) say(element, `refers to ${url}`); // also if nothing is requested yet
  }
  if (document.scripts.length > 0) say(root, "has scripts");
  if (document.querySelectorAll("h1").length !== 1) say(root, "has not one heading of the first level");
  if (!document.querySelector("main")) say(root, "has no main part");
  for (const table of document.querySelectorAll("table")) {
    const columns = table.querySelectorAll("thead th[scope=col]").length;
    for (const row of table.querySelectorAll("tr")) {
      if (row.cells.length !== columns) say(row, `has ${row.cells.length} cells under ${columns} headers`);
    }
    for (const row of table.querySelectorAll("tbody tr")) {
      if (row.querySelectorAll("th[scope=row]").length !== 1) say(row, "has no header of its own");
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) say(root, "has an id twice");
  return found;
})()
