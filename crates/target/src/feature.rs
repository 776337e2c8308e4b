//! Instruction features of a core, as a typed set.

use crate::core::Arch;

/// What a core's instruction set has beyond the ARMv6-M base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Word and half-word loads and stores at any address.
    Unaligned,
    /// `SDIV` and `UDIV`.
    Divide,
    /// Multiplications with a 64-bit result (`SMULL`, `SMLAL`).
    LongMultiply,
    /// `SSAT` and `USAT`.
    Saturate,
    /// `CLZ`.
    CountLeadingZeros,
    /// The DSP extension: `SMLAD`, `SXTB16`, `SMMULR`, …
    Dsp,
    /// Single-precision floating point in hardware.
    Fpu,
    /// Double-precision floating point in hardware.
    FpuDouble,
    /// Helium, the integer vector extension.
    Mve,
    /// Helium with floating point.
    MveFloat,
    /// `DLS`/`LE` low-overhead loops.
    LowOverheadLoops,
}

impl Feature {
    /// Every feature, in the order of declaration.
    pub const ALL: [Feature; 11] = [
        Feature::Unaligned,
        Feature::Divide,
        Feature::LongMultiply,
        Feature::Saturate,
        Feature::CountLeadingZeros,
        Feature::Dsp,
        Feature::Fpu,
        Feature::FpuDouble,
        Feature::Mve,
        Feature::MveFloat,
        Feature::LowOverheadLoops,
    ];

    /// The feature's name in a target file.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Unaligned => "unaligned",
            Feature::Divide => "divide",
            Feature::LongMultiply => "long-multiply",
            Feature::Saturate => "saturate",
            Feature::CountLeadingZeros => "count-leading-zeros",
            Feature::Dsp => "dsp",
            Feature::Fpu => "fpu",
            Feature::FpuDouble => "fpu-double",
            Feature::Mve => "mve",
            Feature::MveFloat => "mve-float",
            Feature::LowOverheadLoops => "low-overhead-loops",
        }
    }

    /// The feature of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Feature> {
        Feature::ALL.into_iter().find(|f| f.name() == name)
    }

    /// Whether a core of architecture `arch` may have this feature (Armv6-M, Armv7-M and Armv8-M
    /// architecture reference manuals).
    pub fn possible_on(self, arch: Arch) -> bool {
        use Arch::*;
        match self {
            Feature::Unaligned
            | Feature::LongMultiply
            | Feature::Saturate
            | Feature::CountLeadingZeros => !matches!(arch, V6m | V8mBase),
            Feature::Divide => arch != V6m,
            Feature::Dsp => matches!(arch, V7em | V8mMain | V8_1mMain),
            Feature::Fpu | Feature::FpuDouble => matches!(arch, V7em | V8mMain | V8_1mMain | Host),
            Feature::Mve | Feature::MveFloat | Feature::LowOverheadLoops => arch == V8_1mMain,
        }
    }

    /// The feature that must be present with this one, if any.
    pub fn requires(self) -> Option<Feature> {
        match self {
            Feature::FpuDouble => Some(Feature::Fpu),
            Feature::MveFloat => Some(Feature::Mve),
            Feature::Mve => Some(Feature::Dsp),
            _ => None,
        }
    }
}

/// A set of [`Feature`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FeatureSet(u32);

impl FeatureSet {
    /// Whether `feature` is in the set.
    pub fn has(self, feature: Feature) -> bool {
        self.0 & (1 << feature as u32) != 0
    }

    /// The set with `feature` added.
    pub fn with(self, feature: Feature) -> FeatureSet {
        FeatureSet(self.0 | 1 << feature as u32)
    }

    /// The features of the set, in the order of [`Feature::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.into_iter().filter(move |&f| self.has(f))
    }
}

impl FromIterator<Feature> for FeatureSet {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> FeatureSet {
        features
            .into_iter()
            .fold(FeatureSet::default(), FeatureSet::with)
    }
}

impl std::fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Feature::name))
            .finish()
    }
}
