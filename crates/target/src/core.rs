//! The processor core: architecture, features, floating point, compiler flags.

use crate::feature::{Feature, FeatureSet};

/// The instruction set architecture of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// Armv6-M (Cortex-M0, M0+).
    V6m,
    /// Armv7-M (Cortex-M3).
    V7m,
    /// Armv7E-M (Cortex-M4, M7).
    V7em,
    /// Armv8-M baseline (Cortex-M23).
    V8mBase,
    /// Armv8-M mainline (Cortex-M33).
    V8mMain,
    /// Armv8.1-M mainline (Cortex-M55).
    V8_1mMain,
    /// The machine that the compiler runs on.
    Host,
}

impl Arch {
    /// Every architecture, in the order of declaration.
    pub const ALL: [Arch; 7] = [
        Arch::V6m,
        Arch::V7m,
        Arch::V7em,
        Arch::V8mBase,
        Arch::V8mMain,
        Arch::V8_1mMain,
        Arch::Host,
    ];

    /// The architecture's name in a target file.
    pub fn name(self) -> &'static str {
        match self {
            Arch::V6m => "v6m",
            Arch::V7m => "v7m",
            Arch::V7em => "v7em",
            Arch::V8mBase => "v8m_base",
            Arch::V8mMain => "v8m_main",
            Arch::V8_1mMain => "v8_1m_main",
            Arch::Host => "host",
        }
    }

    /// The architecture of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Arch> {
        Arch::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// How floating-point values are passed and computed (`-mfloat-abi`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatAbi {
    /// In software.
    Soft,
    /// In hardware, passed in integer registers.
    Softfp,
    /// In hardware, passed in floating-point registers.
    Hard,
}

impl FloatAbi {
    /// Every ABI, in the order of declaration.
    pub const ALL: [FloatAbi; 3] = [FloatAbi::Soft, FloatAbi::Softfp, FloatAbi::Hard];

    /// The ABI's name in a target file and in `-mfloat-abi`.
    pub fn name(self) -> &'static str {
        match self {
            FloatAbi::Soft => "soft",
            FloatAbi::Softfp => "softfp",
            FloatAbi::Hard => "hard",
        }
    }

    /// The ABI of that name, if there is one.
    pub fn from_name(name: &str) -> Option<FloatAbi> {
        FloatAbi::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// A processor core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// The compiler's name of the core (`-mcpu`), such as `cortex-m4`.
    pub cpu: String,
    /// Its architecture.
    pub arch: Arch,
    /// Its instruction features.
    pub features: FeatureSet,
    /// The compiler's name of the floating-point unit (`-mfpu`); `auto` leaves it to `-mcpu`; `None` without one.
    pub fpu: Option<String>,
    /// How floating-point values are passed.
    pub float_abi: FloatAbi,
}

impl Core {
    /// Whether the core has `feature`.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.has(feature)
    }

    /// The flags of gcc (and of clang with `--target=arm-none-eabi`) that choose this core; none for the host.
    pub fn gcc_flags(&self) -> Vec<String> {
        if self.arch == Arch::Host {
            return Vec::new();
        }
        let mut flags = vec![format!("-mcpu={}", self.cpu), "-mthumb".to_owned()];
        if let Some(fpu) = self.fpu.as_deref().filter(|fpu| *fpu != "auto") {
            flags.push(format!("-mfpu={fpu}"));
        }
        flags.push(format!("-mfloat-abi={}", self.float_abi.name()));
        flags
    }
}
