//! All targets by name.

use std::collections::BTreeMap;

use crate::description::Target;
use crate::error::TargetError;
use crate::nearest::nearest;
use crate::reader::resolve;

/// The built-in descriptions; a board comes after the core that it is based on.
const BUILTIN: [(&str, &str); 21] = [
    ("cortex-m0.toml", include_str!("data/cortex-m0.toml")),
    (
        "cortex-m0plus.toml",
        include_str!("data/cortex-m0plus.toml"),
    ),
    ("cortex-m3.toml", include_str!("data/cortex-m3.toml")),
    ("cortex-m4.toml", include_str!("data/cortex-m4.toml")),
    ("cortex-m7.toml", include_str!("data/cortex-m7.toml")),
    ("cortex-m33.toml", include_str!("data/cortex-m33.toml")),
    ("cortex-m55.toml", include_str!("data/cortex-m55.toml")),
    ("host.toml", include_str!("data/host.toml")),
    ("microbit.toml", include_str!("data/microbit.toml")),
    ("mps2-an385.toml", include_str!("data/mps2-an385.toml")),
    ("mps2-an386.toml", include_str!("data/mps2-an386.toml")),
    ("mps2-an500.toml", include_str!("data/mps2-an500.toml")),
    ("mps2-an505.toml", include_str!("data/mps2-an505.toml")),
    ("mps3-an547.toml", include_str!("data/mps3-an547.toml")),
    (
        "arduino-nano-33-ble.toml",
        include_str!("data/arduino-nano-33-ble.toml"),
    ),
    (
        "mps3-corstone300.toml",
        include_str!("data/mps3-corstone300.toml"),
    ),
    ("nrf5340dk.toml", include_str!("data/nrf5340dk.toml")),
    (
        "nucleo-f746zg.toml",
        include_str!("data/nucleo-f746zg.toml"),
    ),
    (
        "nucleo-l4r5zi.toml",
        include_str!("data/nucleo-l4r5zi.toml"),
    ),
    ("rp2040.toml", include_str!("data/rp2040.toml")),
    ("stm32h743.toml", include_str!("data/stm32h743.toml")),
];

/// The targets that are known, by name.
#[derive(Clone, Debug)]
pub struct Targets {
    targets: BTreeMap<String, Target>,
    tables: BTreeMap<String, toml::Table>,
}

impl Targets {
    /// The built-in targets.
    pub fn builtin() -> Targets {
        let mut targets = Targets {
            targets: BTreeMap::new(),
            tables: BTreeMap::new(),
        };
        for (file, text) in BUILTIN {
            targets
                .add_toml(file, text)
                .expect("invariant: built-in target descriptions are valid");
        }
        targets
    }

    /// These targets and the one that `text` describes; `file` names it in errors.
    ///
    /// # Errors
    /// The text is not a target description, a value in it cannot be, its `base` is unknown, or its name is taken.
    pub fn with_toml(mut self, file: &str, text: &str) -> Result<Targets, TargetError> {
        self.add_toml(file, text)?;
        Ok(self)
    }

    /// Adds the target that `text` describes and returns it; `file` names it in errors.
    ///
    /// # Errors
    /// As for [`Targets::with_toml`]; nothing is added then.
    pub fn add_toml(&mut self, file: &str, text: &str) -> Result<&Target, TargetError> {
        let (target, table) = resolve(file, text, &self.tables)?;
        let name = target.name.clone();
        if self.targets.contains_key(&name) {
            return Err(TargetError::Duplicate {
                file: file.to_owned(),
                name,
            });
        }
        self.tables.insert(name.clone(), table);
        Ok(self.targets.entry(name).or_insert(target))
    }

    /// The target of that name.
    ///
    /// # Errors
    /// There is none; the error holds the nearest name and all names.
    pub fn get(&self, name: &str) -> Result<&Target, TargetError> {
        self.targets.get(name).ok_or_else(|| TargetError::Unknown {
            name: name.to_owned(),
            nearest: nearest(name, self.names()).map(str::to_owned),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// The targets, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Target> {
        self.targets.values()
    }
}

impl Default for Targets {
    fn default() -> Targets {
        Targets::builtin()
    }
}
