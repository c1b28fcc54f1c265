// SPDX-License-Identifier: Apache-2.0
// The SQNR by stage of integers: wincraft.quantise.prediction for white data without means and scales that hold every
// value, in float64. Values at a quantiser are Gaussian, on the lattice that the stage before has left them on.

const FINE = 0.25; // a step below this share of sigma gives the noise step^2 / 12
const REACH = 9; // standard deviations beyond which a Gaussian is nothing
const LATTICE = 1 / 64; // values on a lattice finer than this share of the step are taken as continuous
const MOST_POINTS = 1 << 15;
const OUTPUTS = 64; // filters and tiles whose largest value sets a scale
const TILES = 256;
const STAGES = ["input", "weights", "U", "V", "M", "output"];

// --- a Gaussian's tail ----------------------------------------------------------------------------------------------

const polynomial = (x, ...coefficients) => coefficients.reduce((value, c) => value * x + c, 0);

/** P(x > t) for t >= 0, to 1e-15 of itself: the rational approximations of W. J. Cody, Math. Comp. 23, 1969. */
function upperTail(t) {
  const x = t / Math.SQRT2;
  if (x < 0.46875) {
    const y = x * x;
    const up = polynomial(y, 1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
                          3.20937758913846947e3);
    const down = polynomial(y, 1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
                            2.84423683343917062e3);
    return 0.5 * (1 - (x * up) / down);
  }
  let factor;
  if (x <= 4) {
    const up = polynomial(x, 2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
                          2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
                          1.23033935479799725e3);
    const down = polynomial(x, 1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
                            1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
                            1.23033935480374942e3);
    factor = up / down;
  } else {
    const y = 1 / (x * x);
    const up = polynomial(y, 1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
                          1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4);
    const down = polynomial(y, 1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1,
                            6.05183413124413191e-2, 2.33520497626869185e-3);
    factor = (1 / Math.sqrt(Math.PI) - (y * up) / down) / x;
  }
  const near = Math.trunc(x * 16) / 16; // so that the square loses no digits
  return 0.5 * factor * Math.exp(-near * near) * Math.exp(-(x - near) * (x + near));
}

/** The median of the largest magnitude in groups of `count` values of each of these variances. */
function expectedAmplitude(variances, count) {
  const sizes = new Map();
  for (const variance of variances) if (variance > 0) sizes.set(variance, (sizes.get(variance) || 0) + 1);
  if (!sizes.size) return 0;
  const groups = [...sizes].map(([variance, times]) => [Math.sqrt(variance), times * count]);
  const excess = (a) =>
    groups.reduce((total, [sigma, times]) => total + times * Math.log1p(-2 * upperTail(a / sigma)), Math.LN2);
  let [low, high] = [0, 40 * Math.max(...groups.map(([sigma]) => sigma))];
  for (let middle = high / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (excess(middle) > 0) high = middle;
    else low = middle;
  }
  return Number(((low + high) / 2).toPrecision(12)); // so that taps that are alike have one scale
}

/** The nearest integer, halves to even. */
const rounded = (x) => (Math.abs(x) < 2 ** 51 ? x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52 : Math.round(x));

/** The gain and distortion of rounding N(0, variance), or that on multiples of a lattice, to multiples of a step. */
function response(step, variance, lattice) {
  if (!(variance > 0)) return { gain: 1, distortion: 0 };
  const sigma = Math.sqrt(variance);
  if (step * LATTICE < lattice && lattice < REACH * sigma) {
    const reach = Math.floor((REACH * sigma) / lattice) + 1;
    if (reach < MOST_POINTS) return onLattice(step, sigma, lattice, reach);
  }
  if (step < FINE * sigma) return { gain: 1, distortion: (step * step) / 12 };
  let [gain, second] = [0, 0]; // what lies beyond thresholds, on both sides alike
  for (let k = 0; k <= Math.ceil((REACH * sigma) / step); k++) {
    const t = ((k + 0.5) * step) / sigma;
    gain += 2 * Math.exp((-t * t) / 2);
    second += 2 * step * step * (2 * k + 1) * upperTail(t);
  }
  gain *= step / sigma / Math.sqrt(2 * Math.PI);
  return { gain, distortion: Math.max(second - gain * gain * variance, 0) };
}

function onLattice(step, sigma, lattice, reach) {
  let [total, power, product] = [0.5, 0, 0];
  const points = [];
  for (let k = 1; k <= reach; k++) {
    const x = k * lattice;
    const weight = Math.exp(-((x / sigma) ** 2) / 2);
    const stored = rounded(x / step) * step;
    points.push([weight, x, stored]);
    total += weight;
    power += weight * x * x;
    product += weight * x * stored;
  }
  if (!power) return { gain: 1, distortion: 0 };
  const gain = product / power;
  const distortion = points.reduce((found, [weight, x, stored]) => found + weight * (stored - gain * x) ** 2, 0);
  return { gain, distortion: (distortion / total) * ((sigma * sigma) / (power / total)) };
}

// --- matrices of numbers, and moments -------------------------------------------------------------------------------

const matmul = (left, right) => {
  const columns = right[0].length;
  return left.map((row) => {
    const result = new Float64Array(columns);
    row.forEach((value, k) => {
      if (value) for (let j = 0; j < columns; j++) result[j] += value * right[k][j];
    });
    return result;
  });
};
const transposed = (matrix) => Array.from(matrix[0], (_, j) => Float64Array.from(matrix, (row) => row[j]));
const identity = (size) =>
  Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (_, j) => +(i === j)));
const entrywise = (left, right) => left.map((row, i) => row.map((value, j) => value * right[i][j]));
const kronecker = (left, right) =>
  left.flatMap((a) => right.map((b) => Float64Array.from([...a].flatMap((x) => [...b].map((y) => x * y)))));
const numbers = (rows) => rows.map((row) => Float64Array.from(row, (value) => value.toNumber()));
const whole = (matrix, axes) => (axes === 2 ? kronecker(matrix, matrix) : matrix);

/** Nothing has happened yet to values of this covariance. */
const loaded = (covariance, shape) => {
  const same = identity(covariance.length);
  return { covariance, shape, signal: same, plain: same, history: [], grid: null };
};

const mapped = (value, matrix, plain = matrix) => ({
  ...value,
  covariance: matmul(matmul(matrix, value.covariance), transposed(matrix)),
  signal: matmul(matrix, value.signal),
  plain: matmul(plain, value.plain),
  history: [...value.history, { matrix }],
});

/** Through a map of every axis, given as exact rows; the lattice of a sum is the common divisor of its terms. */
function applied(value, rows) {
  const axes = value.shape.length;
  let grid = value.grid && value.grid.lattice;
  if (grid) {
    const [size, others] = [rows[0].length, axes === 2 ? value.shape[1] : 1];
    const along = (values) => rows.map((row) => divisor(row.map((entry, k) => entry.times(values[k]))));
    const line = (b) => Array.from({ length: size }, (_, j) => grid[j * others + b]);
    const columns = Array.from({ length: others }, (_, b) => along(line(b)));
    grid = rows.flatMap((_, i) => columns.map((column) => column[i]));
    if (axes === 2) grid = rows.flatMap((_, i) => along(grid.slice(i * others, (i + 1) * others)));
  }
  return { ...mapped(value, whole(numbers(rows), axes)), shape: value.shape.map(() => rows.length),
           grid: grid && { ...value.grid, lattice: grid } };
}

const divisor = (values) => (values.every((value) => value.isZero()) ? ZERO : content(values));

/** Through a quantiser: its gain, its noise, and the lattice it leaves values on. */
function stored(value, stage, { bits, per }, count) {
  const variances = value.covariance.map((row, i) => row[i]);
  const tapwise = per !== "tensor";
  const steps = (tapwise ? variances.map((variance) => [variance]) : [variances]).map((group) => {
    const step = expectedAmplitude(group, count) / (2 ** (bits - 1) - 1) || 1;
    return per.endsWith("pow2") ? powerAbove(step) : step;
  });
  const found = variances.map((variance, k) => {
    const lattice = value.grid ? value.grid.lattice[k].toNumber() * value.grid.unit : 0;
    return response(steps[tapwise ? k : 0], variance, lattice);
  });
  let after = value;
  if (found.some(({ gain }) => gain !== 1)) {
    const gains = identity(found.length).map((row, i) => row.map((x) => x * found[i].gain));
    after = mapped(value, gains, identity(found.length));
    after.history.push({ stage, lost: true, powers: variances.map((v, k) => (1 - found[k].gain) ** 2 * v) });
  }
  const powers = found.map(({ distortion }) => distortion);
  return {
    ...after,
    covariance: after.covariance.map((row, i) => row.map((x, j) => (i === j ? x + powers[i] : x))),
    history: [...after.history, { stage, lost: false, powers }],
    grid: tapwise ? { lattice: steps.map((step) => Fraction.exactly(step)), unit: 1 }
                  : { lattice: variances.map(() => ONE), unit: steps[0] },
    steps,
  };
}

/** The least power of two that is not below a positive number. */
function powerAbove(value) {
  let found = 2 ** Math.ceil(Math.log2(value));
  while (found < value) found *= 2;
  while (found / 2 >= value) found /= 2;
  return found;
}

/** By stage, what arrives at the outputs of noises and of losses, through the maps that come after. */
function arrived({ history }, weight, noises, losses) {
  let rest = identity(weight.length);
  for (const event of [...history].reverse()) {
    if (event.matrix) {
      rest = matmul(rest, event.matrix);
      continue;
    }
    const weighted = matmul(weight, rest);
    const power = event.powers.reduce(
      (total, p, j) => total + p * rest.reduce((part, row, k) => part + row[j] * weighted[k][j], 0), 0);
    const into = event.lost ? losses : noises;
    into[event.stage] = (into[event.stage] || 0) + power;
  }
}

/** The power of (sum_k A[i,k] G[k,j] B[k,l] - T[i,j,l]) g_j d_l for white g and d, summed over i. */
function formError(exact, A, G, B) {
  const taps = G.map((g, k) => Float64Array.from([...g].flatMap((x) => [...B[k]].map((y) => x * y))));
  const form = matmul(A, taps);
  return form.reduce((total, row, i) => total + row.reduce((part, x, jl) => part + (x - exact[i][jl]) ** 2, 0), 0);
}

/** T[i, j, l] = [l = i + j] on every axis, rows of outputs i. */
function exactForm({ m, r, n }, axes) {
  const one = (i, j, l) => +(l === i + j);
  const indices = (size) => Array.from({ length: axes === 2 ? size * size : size }, (_, k) => k);
  const split = (k, size) => (axes === 2 ? [Math.floor(k / size), k % size] : [k, 0]);
  return indices(m).map((i) => Float64Array.from(indices(r).flatMap((j) => indices(n).map((l) => {
    const [[i0, i1], [j0, j1], [l0, l1]] = [split(i, m), split(j, r), split(l, n)];
    return axes === 2 ? one(i0, j0, l0) * one(i1, j1, l1) : one(i0, j0, l0);
  }))));
}

/** Noise power over signal power by stage, of so many channels; `formats` are bits and granularity of every stage. */
function predict(algorithm, axes, formats, channels) {
  const { m, r, n, A, G, B, scale } = algorithm;
  const places = (size) => size ** axes;
  const shape = (size) => Array(axes).fill(size);
  const perData = TILES * channels;
  let U = stored(loaded(identity(places(n)), shape(n)), "input", formats.input, perData);
  U = stored(applied(U, B), "U", formats.U, perData);
  let V = stored(loaded(identity(places(r)), shape(r)), "weights", formats.weights, OUTPUTS * channels);
  V = stored(applied(V, G), "V", formats.V, OUTPUTS * channels);
  const products = entrywise(U.covariance, V.covariance).map((row) => row.map((x) => x * channels));
  let y = loaded(products, U.shape);
  y.grid = { lattice: U.grid.lattice.map((x, k) => x.times(V.grid.lattice[k])), unit: U.grid.unit * V.grid.unit };
  y = stored(y, "M", formats.M, OUTPUTS * TILES);
  y = applied(y, Array.from({ length: m }, (_, i) => A.map((column) => column[i])));
  const over = power(scale, axes);
  if (over.toNumber() !== 1) {
    const lattice = y.grid.lattice.map((x) => x.over(over.magnitude()));
    const by = identity(places(m)).map((row) => row.map((x) => x / over.toNumber()));
    y = { ...mapped(y, by), grid: { ...y.grid, lattice } };
  }
  y = stored(y, "output", formats.output, OUTPUTS * TILES);

  const gram = matmul(transposed(y.signal), y.signal).map((row) => row.map((x) => x * channels));
  const [noises, losses] = [{}, {}];
  arrived(U, entrywise(gram, V.covariance), noises, losses);
  arrived(V, entrywise(gram, matmul(U.signal, transposed(U.signal))), noises, losses);
  arrived(y, identity(places(m)), noises, losses);
  const exact = exactForm(algorithm, axes);
  const [plain, coherent] = ["plain", "signal"].map((way) => channels * formError(exact, y[way], V[way], U[way]));
  const [lost, all] = [Math.max(coherent - plain, 0), Object.values(losses).reduce((a, b) => a + b, 0)];
  const signal = channels * places(m) * places(r);
  const stages = {};
  for (const stage of STAGES) {
    const share = all ? (lost * (losses[stage] || 0)) / all : 0;
    stages[stage] = Math.max((noises[stage] || 0) + share, 0) / signal;
  }
  return { stages };
}

/** dB of a noise power over a signal power. */
const sqnr = (noise) => -10 * Math.log10(noise);
