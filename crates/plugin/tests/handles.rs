//! Random calls of host functions, with random, stale and foreign handles: no panic, no broken module.

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_call_breaks_the_host(data in proptest::collection::vec(any::<u8>(), 0..3000)) {
        plugin::host::plugin_handles(&data);
    }
}
