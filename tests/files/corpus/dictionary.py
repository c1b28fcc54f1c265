import jax.numpy as jnp

TRANSFORMS = {
    "F(2,3)": dict(
        AT=jnp.array([[1, 1, 1, 0], [0, 1, -1, 1]]),
        G=jnp.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]),
        BT=jnp.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]),
    ),
}
