//! What every pass promises, of ours: on random modules of all registered ops.
#![allow(clippy::unwrap_used, reason = "tests")]

mod registry;

use registry::registry;
use testgen::pass_properties;

pass_properties!(canonicalize, registry = registry(), pass = "canonicalize");
pass_properties!(
    fold_constants,
    registry = registry(),
    pass = "fold-constants"
);
pass_properties!(cse, registry = registry(), pass = "cse");
pass_properties!(dce, registry = registry(), pass = "dce");
pass_properties!(symbol_dce, registry = registry(), pass = "symbol-dce");
pass_properties!(inline, registry = registry(), pass = "inline");
pass_properties!(
    loop_invariant_code_motion,
    registry = registry(),
    pass = "loop-invariant-code-motion"
);
pass_properties!(
    simplify_affine_index,
    registry = registry(),
    pass = "simplify-affine-index"
);
pass_properties!(
    order_operators,
    registry = registry(),
    pass = "order-operators"
);
pass_properties!(rewrite_graph, registry = registry(), pass = "rewrite-graph");
pass_properties!(share_kernels, registry = registry(), pass = "share-kernels");
pass_properties!(
    propagate_constants,
    registry = registry(),
    pass = "propagate-constants"
);
pass_properties!(
    lower_nn,
    registry = registry(),
    pass = "lower-nn",
    cases = 100
);
pass_properties!(
    placement,
    registry = registry(),
    pass = "lower-nn,share-kernels,propagate-constants,plan-memory,mark-noalias,check-placement",
    cases = 100,
    target = "cortex-m4",
);
pass_properties!(
    budgets,
    registry = registry(),
    pass = "lower-nn{optimize-for=flash ram-budget=4096},share-kernels,propagate-constants,plan-memory,check-budget{ram=1000000000000}",
    cases = 100,
    target = "cortex-m4",
);
pass_properties!(
    overlapping_placement,
    registry = registry(),
    pass = "lower-nn{optimize-for=ram overlap=true},share-kernels,propagate-constants,plan-memory{overlap=true},mark-noalias,check-placement,poison-dead-memory",
    cases = 100,
    target = "cortex-m4",
);
