"""In what JAX multiplies float32 numbers."""

import jax


def precision_option(parser):
    parser.add_argument(
        "--precision",
        choices=("default", "float32"),
        default="default",
        help="float32: in full; default: as JAX comes, which on a GPU may be TF32",
    )


def set_precision(precision):
    """Before anything is compiled."""
    if precision == "float32":
        jax.config.update("jax_default_matmul_precision", "highest")
