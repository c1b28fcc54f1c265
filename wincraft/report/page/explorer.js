// SPDX-License-Identifier: Apache-2.0
// The page: controls, what follows from them, and the address that keeps them. Needs algorithm.js and prediction.js.

const KNOWN = JSON.parse(document.getElementById("known").textContent);
const at = (id) => document.getElementById(id);
const BITS = ["data", "U", "V", "M"];
const FIELDS = ["size", "points", "convention", "per", "channels", ...BITS];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const decibels = (value) => (value === Infinity ? "exact" : Number.isNaN(value) ? "none" : value.toFixed(1));
const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(1);
const digits = (value) =>
  Math.abs(value) >= 1000 && Math.abs(value) < 1e7 ? value.toFixed(0) : String(Number(value.toPrecision(5)));
const short = (fraction) => (`${fraction}`.length <= 12 ? `${fraction}` : digits(fraction.toNumber()));
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const superscript = (text) => text.replace("^T", "ᵀ");

// --- what follows from the settings ---------------------------------------------------------------------------------

/** m, r and the number of axes of a size of the list. */
function parseSize(text) {
  const match = /^F\((\d+)(x\1)?,(\d+)(x\3)?\)$/.exec(text);
  const [m, r, axes] = match ? [Number(match[1]), Number(match[3]), match[2] ? 2 : 1] : [];
  if (!match || Boolean(match[2]) !== Boolean(match[4]) || !KNOWN.sizes.some((item) => item.m === m && item.r === r))
    throw new PageError(`this page has no size '${shortened(text)}'; choose one of its list`, "size");
  return { m, r, axes };
}

/** A number of the settings within its limits. */
function wholeNumber(name, control, settings, [low, high]) {
  const found = Number(settings[control]);
  if (!Number.isInteger(found) || found < low || found > high) {
    const given = shortened(`${settings[control]}`) || "no number";
    throw new PageError(`${name}: ${given}; give an integer from ${low} to ${high}`, control);
  }
  return found;
}

/** Everything that the page shows, of settings as texts: exact numbers as Fractions, the others as doubles. */
function evaluate(settings) {
  const { m, r, axes } = parseSize(settings.size);
  if (!Object.hasOwn(CONVENTIONS, settings.convention))
    throw new PageError(`there is no scaling '${shortened(settings.convention)}'; choose one of the list`, "convention");
  if (!KNOWN.scales.some(([, per]) => per === settings.per))
    throw new PageError(`there is no scale per '${shortened(settings.per)}'; choose one of the list`, "per");
  const bitsOf = (name) => wholeNumber(`bits of ${name}`, name, settings, KNOWN.bits);
  const bits = Object.fromEntries(BITS.map((name) => [name, bitsOf(name)]));
  const channels = wholeNumber("channels", "channels", settings, KNOWN.channels);
  const algorithm = construct(m, r, settings.points, settings.convention);
  const wrong = refutation(algorithm);
  if (wrong) throw new PageError(`the matrices are wrong at (i, j, l) = (${wrong}); please report this page`);
  const formats = Object.fromEntries(STAGES.map((stage) =>
    [stage, "UVM".includes(stage) ? { bits: bits[stage], per: settings.per } : { bits: bits.data, per: "tensor" }]));
  const { stages } = predict(algorithm, axes, formats, channels);
  const parts = contributions(algorithm);
  return {
    algorithm, axes, parts, stages,
    gain: power(sum(parts), axes),
    worst: power(worstCase(algorithm), axes),
    noise: Object.values(stages).reduce((a, b) => a + b, 0),
    data: algorithm.B.map(norm1),
    weights: algorithm.G.map(norm1),
  };
}

/** The stage that costs most, and the dB gained if it cost nothing. */
function widen({ stages, noise }) {
  const stage = Object.keys(stages).reduce((most, name) => (stages[name] > stages[most] ? name : most));
  const rest = Object.entries(stages).reduce((total, [name, part]) => total + (name === stage ? 0 : part), 0);
  return [stage, sqnr(rest) - sqnr(noise)];
}

// --- showing it -----------------------------------------------------------------------------------------------------

function table(caption, header, rows) {
  const cells = (tag, row) => row.map((cell, j) => {
    const scope = tag === "th" ? "col" : j === 0 ? "row" : null;
    const made = element(j === 0 ? "th" : tag, { class: j === 0 || cell instanceof Node ? null : "r", scope });
    made.append(cell);
    return made;
  });
  return element("div", { class: "wide" }, element("table", {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...cells("th", header))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row))))));
}

const bar = (share) =>
  element("span", { class: "bar", "aria-hidden": "true", style: `width: ${(100 * Math.max(share, 0)).toFixed(2)}%` });

function showStages(found) {
  const rows = Object.entries(found.stages).map(([stage, noise]) => {
    const share = noise / found.noise || 0;
    return [stage, decibels(sqnr(noise)), percent(share), bar(share)];
  });
  return table("The SQNR that each stage alone would leave, and its share of the noise",
               ["stage", "SQNR in dB", "share", ""], rows);
}

/** What each tap adds to the noise gain: bars for one axis, a map for images. */
function showTaps({ algorithm, axes, parts }) {
  const names = algorithm.points.map(pointText);
  const shares = parts.map((part) => part.over(sum(parts)).toNumber());
  if (axes === 1) {
    const most = Math.max(...shares);
    return table("What each tap adds to the noise gain", ["point", "adds", "share", ""],
                 names.map((name, k) => [name, short(parts[k]), percent(shares[k]), bar(shares[k] / most)]));
  }
  const most = Math.max(...shares) ** 2;
  const made = table("Share of each tap in the noise gain, in %; points of both axes", ["", ...names],
                     names.map((name, i) => [name, ...shares.map((share) => (100 * shares[i] * share).toFixed(1))]));
  made.querySelectorAll("tbody tr").forEach((row, i) => row.querySelectorAll("td").forEach((cell, j) =>
    cell.style.setProperty("--part", `${((45 * shares[i] * shares[j]) / most).toFixed(1)}%`)));
  made.classList.add("map");
  return made;
}

function showRanges({ algorithm, axes, data, weights }) {
  const rows = algorithm.points.map((point, k) => [pointText(point), short(data[k]), short(weights[k])]);
  const of = axes === 2 ? ", along one axis: a tap of the image has the product of two" : "";
  return table(`How far each tap reaches for data and weights in [-1, 1]${of}`, ["point", "|U| up to", "|V| up to"], rows);
}

function showMatrices({ algorithm }) {
  const { m, A, G, B } = algorithm;
  const AT = Array.from({ length: m }, (_, i) => A.map((column) => column[i]));
  return [["A^T", AT], ["G", G], ["B^T", B]].map(([name, rows]) => {
    const body = rows.map((row) => element("tr", {}, ...row.map((value) => element("td", { class: "r" }, `${value}`))));
    const region = { class: "wide", tabindex: "0", role: "region", "aria-label": superscript(name) };
    return element("div", region, element("table", { class: "matrix" },
                   element("caption", {}, superscript(name)), element("tbody", {}, ...body)));
  });
}

function summary(found, size) {
  const gain = found.gain.toNumber();
  const products = found.algorithm.points.length ** found.axes;
  const per = found.algorithm.m ** found.axes;
  const [stage, gained] = widen(found);
  return [
    ["size", `${size}: ${products} products for ${per} outputs, proved in this page`],
    ["noise gain", `${short(found.gain)} (${signed(10 * Math.log10(gain))} dB)`],
    ["worst case", short(found.worst)],
    ["predicted SQNR", `${decibels(sqnr(found.noise))} dB`],
    ["first to widen", `${stage}, which alone gains up to ${decibels(gained)} dB`],
  ];
}

/** Read the controls and show what follows; or one line that says what is wrong. */
function update() {
  const settings = Object.fromEntries(FIELDS.map((name) => [name, at(name).value]));
  for (const name of BITS) at(`${name}-value`).textContent = settings[name];
  let found = null;
  let [problem, where] = ["", null];
  try {
    found = evaluate(settings);
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    [problem, where] = [error.message, error.control];
  }
  at("problem").textContent = problem;
  for (const name of FIELDS) {
    at(name).setAttribute("aria-invalid", String(name === where));
    if (name === where) at(name).setAttribute("aria-describedby", "problem");
    else at(name).removeAttribute("aria-describedby");
  }
  at("results").hidden = !found;
  at("status").textContent = "";
  if (found) {
    const lines = summary(found, settings.size);
    at("facts").replaceChildren(...lines.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
    at("status").textContent = lines.slice(1, 4).map(([name, text]) => `${name} ${text}`).join("; ");
    at("stages").replaceChildren(showStages(found));
    at("taps").replaceChildren(showTaps(found));
    at("ranges").replaceChildren(showRanges(found));
    const scale = found.algorithm.scale;
    at("scale").textContent = `Along one axis; y = Aᵀ[(G g) · (Bᵀ d)]${`${scale}` === "1" ? "" : ` / ${scale}`}.`;
    at("matrices").replaceChildren(...showMatrices(found));
  }
  markKnown(settings);
  return found;
}

// --- controls -------------------------------------------------------------------------------------------------------

const options = (pairs) => pairs.map(([text, value]) => element("option", { value }, text));

function setsOf(size) {
  const { m, r } = parseSize(size);
  return KNOWN.sizes.find((item) => item.m === m && item.r === r).sets;
}

function listKnown() {
  const named = setsOf(at("size").value).map(({ name, points }) => [`${name}: ${points}`, points]);
  at("set").replaceChildren(...options([["your own", ""], ...named]));
}

/** The known set that the points are, if one. */
function markKnown(settings) {
  const plain = (text) => text.replace(/[\s]|,inf$/g, "");
  const same = [...at("set").options].find((option) => option.value && plain(option.value) === plain(settings.points));
  at("set").value = same ? same.value : "";
}

function put(settings) {
  for (const [name, value] of Object.entries(settings)) if (FIELDS.includes(name)) at(name).value = value;
  if (!at("size").value) at("size").value = KNOWN.start.size;
  listKnown();
}

/** The settings that the address keeps, over those that the page starts with. */
const fromAddress = () => ({ ...KNOWN.start, ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) });

function keep() {
  const settings = new URLSearchParams(FIELDS.map((name) => [name, at(name).value]));
  history.replaceState(null, "", `#${settings}`);
}

function start() {
  const sized = (axes) => KNOWN.sizes.map(({ m, r }) => (axes === 1 ? `F(${m},${r})` : `F(${m}x${m},${r}x${r})`));
  at("size").append(...[["images", 2], ["one axis", 1]].map(([label, axes]) =>
    element("optgroup", { label }, ...options(sized(axes).map((size) => [size, size])))));
  at("convention").append(...options(KNOWN.conventions.map((name) => [name, name])));
  at("per").append(...options(KNOWN.scales));
  put(fromAddress());
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  at("controls").addEventListener("input", (event) => {
    if (event.target.id === "size") {
      listKnown();
      at("points").value = setsOf(at("size").value)[0].points;
    }
    if (event.target.id === "set" && event.target.value) at("points").value = event.target.value;
    update();
    keep();
  });
  window.addEventListener("hashchange", () => {
    put(fromAddress());
    update();
  });
  update();
}

start();
