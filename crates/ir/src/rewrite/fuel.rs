//! How many optional changes may still be made: to find the one that breaks something, by bisection.

/// A budget of optional changes. Who makes one takes a unit first, and leaves things as they are when there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fuel {
    left: Option<u64>,
    used: u64,
}

impl Fuel {
    /// Without a limit.
    pub fn unlimited() -> Fuel {
        Fuel {
            left: None,
            used: 0,
        }
    }

    /// For at most so many changes.
    pub fn limited(units: u64) -> Fuel {
        Fuel {
            left: Some(units),
            used: 0,
        }
    }

    /// Takes a unit; `false` if none is left.
    pub fn take(&mut self) -> bool {
        match &mut self.left {
            Some(0) => return false,
            Some(n) => *n -= 1,
            None => {}
        }
        self.used += 1;
        true
    }

    /// Whether a unit is left.
    pub fn is_left(&self) -> bool {
        self.left != Some(0)
    }

    /// Units taken so far.
    pub fn used(&self) -> u64 {
        self.used
    }
}

impl Default for Fuel {
    fn default() -> Fuel {
        Fuel::unlimited()
    }
}
