// SPDX-License-Identifier: Apache-2.0
// F(m,r) from points, in exact fractions of BigInt: the formulas of wincraft.construct, for points that are rational.

/** What is wrong in one line, and the control to mend it in. */
class PageError extends Error {
  constructor(message, control = "points") {
    super(message);
    this.control = control;
  }
}

const gcd = (a, b) => {
  if (a < 0n) a = -a;
  if (b < 0n) b = -b;
  while (b) [a, b] = [b, a % b];
  return a;
};
const lcm = (a, b) => (a && b ? (a / gcd(a, b)) * b : 0n);
const bitLength = (a) => (a < 0n ? -a : a).toString(2).length;

/** p / q in lowest terms, q > 0. */
class Fraction {
  constructor(p, q = 1n) {
    const common = gcd(p, q) * (q < 0n ? -1n : 1n) || 1n;
    this.p = p / common;
    this.q = q / common;
  }
  static of(value) {
    return value instanceof Fraction ? value : new Fraction(BigInt(value));
  }
  /** The double as it is. */
  static exactly(value) {
    let power = 0;
    while (!Number.isInteger(value)) [value, power] = [value * 2, power + 1];
    return new Fraction(BigInt(value), 1n << BigInt(power));
  }
  plus(other) {
    return new Fraction(this.p * other.q + other.p * this.q, this.q * other.q);
  }
  minus(other) {
    return new Fraction(this.p * other.q - other.p * this.q, this.q * other.q);
  }
  times(other) {
    return new Fraction(this.p * other.p, this.q * other.q);
  }
  over(other) {
    return new Fraction(this.p * other.q, this.q * other.p);
  }
  negated() {
    return new Fraction(-this.p, this.q);
  }
  magnitude() {
    return this.p < 0n ? this.negated() : this;
  }
  isZero() {
    return this.p === 0n;
  }
  isBelow(other) {
    return this.p * other.q < other.p * this.q;
  }
  /** The nearest double; of numbers of many digits up to its last place. */
  toNumber() {
    if (bitLength(this.p) <= 53 && bitLength(this.q) <= 53) return Number(this.p) / Number(this.q);
    const shift = 64 + bitLength(this.q) - bitLength(this.p);
    const whole = shift >= 0 ? (this.p << BigInt(shift)) / this.q : this.p / (this.q << BigInt(-shift));
    return Number(whole) * 2 ** -shift;
  }
  toString() {
    return this.q === 1n ? `${this.p}` : `${this.p}/${this.q}`;
  }
}

const ZERO = new Fraction(0n);
const ONE = new Fraction(1n);
const sum = (values) => values.reduce((total, value) => total.plus(value), ZERO);
const dot = (left, right) => sum(left.map((value, k) => value.times(right[k])));
const power = (base, exponent) => new Fraction(base.p ** BigInt(exponent), base.q ** BigInt(exponent));
const powers = (base, count) => Array.from({ length: count }, (_, exponent) => power(base, exponent));
const scaled = (row, by) => row.map((value) => value.times(by));
const norm2 = (row) => dot(row, row);
const norm1 = (row) => sum(row.map((value) => value.magnitude()));

/** The positive rational c such that values over c are integers without a common factor. */
function content(values) {
  const some = values.filter((value) => !value.isZero());
  if (!some.length) return ONE;
  return new Fraction(some.reduce((c, v) => gcd(c, v.p), 0n), some.reduce((c, v) => lcm(c, v.q), 1n));
}

// --- points ---------------------------------------------------------------------------------------------------------

const MAX_DIGITS = 9;
const INFINITY_NAMES = ["inf", "+inf", "infinity", "oo", "∞"];
const shortened = (text) => (text.length > 24 ? `${text.slice(0, 21)}...` : text);

/** A point as a Fraction, null for infinity. */
function parsePoint(text) {
  if (INFINITY_NAMES.includes(text.toLowerCase())) return null;
  const match = /^([+-]?)(\d+)(?:\s*\/\s*([+-]?\d+))?$/.exec(text.replace(/−/g, "-"));
  if (!match) throw new PageError(`not a point: '${shortened(text)}'; write integers, fractions such as 3/2, and inf`);
  if (Math.max(match[2].length, (match[3] || "").replace(/^[+-]/, "").length) > MAX_DIGITS)
    throw new PageError(`a point has too many digits: ${shortened(text)}; here it has at most ${MAX_DIGITS}`);
  const denominator = BigInt((match[3] || "1").replace(/^\+/, ""));
  if (!denominator) throw new PageError(`not a point: ${shortened(text)}; a denominator cannot be 0`);
  return new Fraction(BigInt(match[2]) * (match[1] === "-" ? -1n : 1n), denominator);
}

const pointText = (point) => (point === null ? "inf" : `${point}`);

/** The points of a text, separated by commas or blanks, brackets and ± as people write them. */
function parsePoints(text) {
  const plain = text.trim().replace(/^[[{(]([^]*)[\]})]$/, "$1").trim();
  let items = plain.split(",").map((item) => item.trim());
  if (items.length === 1) items = plain.replace(/\s*\/\s*/g, "/").split(/\s+/);
  if (items.some((item) => !item))
    throw new PageError(plain ? `an item of the list is empty in '${shortened(plain)}'; separate points by one comma`
                              : "there are no points; write some, such as 0,1,-1,2,-2");
  return items.flatMap((item) => {
    const rest = item.startsWith("±") ? item.slice(1) : item.startsWith("+-") ? item.slice(2) : null;
    const point = parsePoint(rest === null ? item : rest.trim());
    return rest === null || point === null ? [point] : [point, point.negated()];
  });
}

/** The points of F(m,r), inf appended where it is absent and one is missing. */
function complete(points, m, r) {
  const names = points.map(pointText);
  const again = names.findIndex((name, k) => names.indexOf(name) < k);
  if (again >= 0) {
    const first = names.indexOf(names[again]);
    throw new PageError(`${names[again]} is listed twice, at positions ${first} and ${again} (from 0); remove one`);
  }
  const n = m + r - 1;
  if (points.length === n - 1 && !points.includes(null)) return [...points, null];
  if (points.length !== n) {
    const wanted = points.length < n ? `add ${n - points.length}` : `remove ${points.length - n}`;
    throw new PageError(
      `F(${m},${r}) needs ${n} points with inf (${n - 1} without, inf is then appended): got ${points.length}; ${wanted}`);
  }
  return points;
}

// --- construction ---------------------------------------------------------------------------------------------------

/** Columns of powers, rows of powers, monic rows and f: sum_k A[k,i] G[k,j] B[k,l] / f[k] = [l = i + j]. */
function canonicalTaps(points, m, r) {
  const n = m + r - 1;
  const finite = points.filter((point) => point !== null);
  const product = (roots) =>
    roots.reduce((poly, root) => [ZERO, ...poly].map((c, k) => (k < poly.length ? c.minus(root.times(poly[k])) : c)),
                 [ONE]);
  const padded = (row) => [...row, ...Array(n - row.length).fill(ZERO)];
  const unit = (count) => [...Array(count - 1).fill(ZERO), ONE];
  const taps = { m, r, points, A: [], G: [], B: [], f: [] };
  for (const point of points) {
    const others = finite.filter((other) => other !== point);
    taps.A.push(point === null ? unit(m) : powers(point, m));
    taps.G.push(point === null ? unit(r) : powers(point, r));
    taps.B.push(padded(product(others)));
    taps.f.push(others.reduce((f, other) => (point === null ? f : f.times(point.minus(other))), ONE));
  }
  return taps;
}

/** The grid value (1 + j/2^bits) 2^e nearest, in ratio, to 1/sqrt(square); a tie goes to the larger. */
function snapInverseRoot(square, bits) {
  const four = Fraction.of(4);
  let exponent = Math.floor((bitLength(square.q) - bitLength(square.p)) / 2) - 1;
  const two = (e) => (e < 0 ? new Fraction(1n, 1n << BigInt(-e)) : new Fraction(1n << BigInt(e)));
  while (!ONE.isBelow(two(2 * (exponent + 1)).times(square))) exponent += 1;
  const steps = 1n << BigInt(bits);
  const limit = Fraction.of(steps * steps).over(two(2 * exponent).times(square));
  let low = steps;
  while ((low + 1n) ** 2n * limit.q <= limit.p) low += 1n;
  const [below, above] = [low, low + 1n].map((j) => two(exponent).times(new Fraction(j, steps)));
  return ONE.isBelow(below.times(above).times(square)) ? below : above;
}

const ones = (taps) => taps.f.map(() => ONE);
const flipFirst = (taps, factors) =>
  taps.points[0] !== null && taps.f[0].isBelow(ZERO) ? [factors[0].negated(), ...factors.slice(1)] : factors;
const times = (left, right) => left.map((value, k) => value.times(right[k]));

/** What multiplies the canonical columns of A^T and rows of G and B^T, and the scale that results, by convention. */
const CONVENTIONS = {
  monic: (taps) => ({ a: ones(taps), g: taps.f.map((f) => ONE.over(f)), b: ones(taps), scale: ONE }),
  wincnn(taps) {
    const plain = CONVENTIONS.monic(taps);
    return { ...plain, g: flipFirst(taps, plain.g), b: flipFirst(taps, plain.b) };
  },
  lavin(taps) {
    const base = CONVENTIONS.wincnn(taps);
    const signs = taps.points.map((point) => (point === null ? ONE.negated() : ONE));
    return { ...base, a: times(base.a, signs), b: times(base.b, signs) };
  },
  "positive-g"(taps) {
    const signs = taps.f.map((f) => (f.isBelow(ZERO) ? ONE.negated() : ONE));
    return { a: ones(taps), g: taps.f.map((f, k) => signs[k].over(f)), b: signs, scale: ONE };
  },
  homogeneous(taps) {
    const base = CONVENTIONS.wincnn(taps);
    const by = taps.points.map((point) => (point === null ? ONE : power(Fraction.of(point.q), taps.m - 1)));
    return { ...base, a: times(base.a, by), g: base.g.map((g, k) => g.over(by[k])) };
  },
  "fractions-in-a"(taps) {
    const plain = CONVENTIONS.monic(taps);
    return { a: flipFirst(taps, plain.g), g: plain.a, b: flipFirst(taps, plain.b), scale: ONE };
  },
  "fractions-in-b"(taps) {
    const plain = CONVENTIONS.monic(taps);
    return { a: plain.a, g: plain.b, b: plain.g, scale: ONE };
  },
  integer(taps) {
    const [a, b] = [taps.A, taps.B].map((rows) => rows.map((row) => ONE.over(content(row))));
    const G = taps.G.map((row, k) => scaled(row, ONE.over(taps.f[k])));
    const scale = ONE.over(content(G.flatMap((row, k) => scaled(row, ONE.over(a[k].times(b[k]))))));
    return { a, g: taps.f.map((f, k) => scale.over(a[k].times(b[k]).times(f))), b, scale };
  },
  balanced: (taps) => balance(taps, 8),
  pow2: (taps) => balance(taps, 0),
  "balanced-2bit": (taps) => balance(taps, 2),
};

/** `wincnn` with rows of B^T and G near unit 2-norm, by factors of so many fraction bits, the rest in A^T. */
function balance(taps, bits) {
  const base = CONVENTIONS.wincnn(taps);
  const factors = (rows, by) => rows.map((row, k) => snapInverseRoot(norm2(scaled(row, by[k])), bits));
  const [g, b] = [factors(taps.G, base.g), factors(taps.B, base.b)];
  return { a: g.map((x, k) => ONE.over(x.times(b[k]))), g: times(base.g, g), b: times(base.b, b), scale: ONE };
}

/** The matrices of F(m,r) of one axis: columns of A^T, rows of G and of B^T, one of each per tap. */
function construct(m, r, pointsText, convention) {
  const points = complete(parsePoints(pointsText), m, r);
  const taps = canonicalTaps(points, m, r);
  const by = CONVENTIONS[convention](taps);
  const rows = (vectors, factors) => vectors.map((row, k) => scaled(row, factors[k]));
  return { m, r, n: m + r - 1, points, A: rows(taps.A, by.a), G: rows(taps.G, by.g), B: rows(taps.B, by.b),
           scale: by.scale };
}

/** Where the identity fails, null where it is proved: sum_k A[k,i] G[k,j] B[k,l] = scale [l = i + j]. */
function refutation({ m, r, n, A, G, B, scale }) {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < r; j++)
      for (let l = 0; l < n; l++) {
        const found = sum(A.map((column, k) => column[i].times(G[k][j]).times(B[k][l])));
        if (!found.minus(l === i + j ? scale : ZERO).isZero()) return [i, j, l];
      }
  return null;
}

/** What each tap adds to the noise gain of one axis: |A_k|^2 |G_k|^2 |B_k|^2 / (m r scale^2). */
function contributions({ m, r, A, G, B, scale }) {
  const whole = Fraction.of(m * r).times(scale).times(scale);
  return A.map((column, k) => norm2(column).times(norm2(G[k])).times(norm2(B[k])).over(whole));
}

/** max_i sum_k |A_ik| |G_k|_1 |B_k|_1 / |scale|, of one axis. */
function worstCase({ m, A, G, B, scale }) {
  const products = G.map((row, k) => norm1(row).times(norm1(B[k])));
  const rows = Array.from({ length: m }, (_, i) => sum(products.map((p, k) => p.times(A[k][i].magnitude()))));
  return rows.reduce((most, value) => (most.isBelow(value) ? value : most)).over(scale.magnitude());
}
