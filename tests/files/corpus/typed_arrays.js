module.exports = {
  bt: new Float32Array([1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, -1, 0, 1]),
  g: new Float32Array([1, 0, 0, .5, .5, .5, .5, -.5, .5, 0, 0, 1]),
  at: new Float32Array([1, 1, 1, 0, 0, 1, -1, 1]),
};
