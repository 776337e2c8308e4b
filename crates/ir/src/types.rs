//! Types: interned, `Copy`, equal exactly if their text is equal.

use smallvec::SmallVec;

/// A handle of an interned type of one module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Type(pub(crate) u32);

/// Floating-point formats.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FloatKind {
    /// IEEE binary16
    F16,
    /// bfloat16
    BF16,
    /// IEEE binary32
    F32,
    /// IEEE binary64
    F64,
}

impl FloatKind {
    /// Width in bits.
    pub fn width(self) -> u32 {
        match self {
            FloatKind::F16 | FloatKind::BF16 => 16,
            FloatKind::F32 => 32,
            FloatKind::F64 => 64,
        }
    }
}

/// A uniform quantised element type, `!quant.uniform<i8:f32, scale:zero_point>` or per axis.
///
/// `real = scale · (stored − zero_point)`. Per-tensor types have one scale and `axis == None`; per-axis types have as
/// many scales and zero points as the tensor's dimension `axis` has elements.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QuantType {
    /// Bits of the storage type: 1 to 32.
    pub storage_width: u32,
    /// Whether the storage is signed (`i8`) or not (`u8`).
    pub signed: bool,
    /// Smallest stored value; the type's own minimum by default.
    pub storage_min: i64,
    /// Largest stored value.
    pub storage_max: i64,
    /// The dimension along which scales vary, or none.
    pub axis: Option<u32>,
    scales: Vec<u64>,
    /// Zero points, as many as scales.
    pub zero_points: Vec<i64>,
}

impl QuantType {
    /// A per-tensor type of signed storage with its full range.
    pub fn per_tensor(storage_width: u32, scale: f64, zero_point: i64) -> QuantType {
        Self::new(storage_width, None, vec![scale], vec![zero_point])
    }

    /// A per-axis type of signed storage with its full range.
    pub fn per_axis(
        storage_width: u32,
        axis: u32,
        scales: Vec<f64>,
        zero_points: Vec<i64>,
    ) -> QuantType {
        Self::new(storage_width, Some(axis), scales, zero_points)
    }

    fn new(
        storage_width: u32,
        axis: Option<u32>,
        scales: Vec<f64>,
        zero_points: Vec<i64>,
    ) -> QuantType {
        let (storage_min, storage_max) = Self::default_range(storage_width, true);
        let scales = scales.into_iter().map(f64::to_bits).collect();
        QuantType {
            storage_width,
            signed: true,
            storage_min,
            storage_max,
            axis,
            scales,
            zero_points,
        }
    }

    /// The range of a storage type, `(min, max)`.
    pub fn default_range(width: u32, signed: bool) -> (i64, i64) {
        let width = width.clamp(1, 32);
        if signed {
            (-(1i64 << (width - 1)), (1i64 << (width - 1)) - 1)
        } else {
            (0, (1i64 << width) - 1)
        }
    }

    /// The scales, one per tensor or one per element of the axis.
    pub fn scales(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.scales.iter().map(|&b| f64::from_bits(b))
    }

    /// Scale of the `i`-th slice along the axis (of all, when per-tensor).
    pub fn scale(&self, i: usize) -> f64 {
        f64::from_bits(self.scales[if self.axis.is_some() { i } else { 0 }])
    }

    /// Zero point of the `i`-th slice along the axis (of all, when per-tensor).
    pub fn zero_point(&self, i: usize) -> i64 {
        self.zero_points[if self.axis.is_some() { i } else { 0 }]
    }
}

/// What a type is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TypeData {
    /// Signless integer of a width in bits, `i8`.
    Integer(u32),
    /// `index`: 32 bits in the interpreter and in C.
    Index,
    /// A float.
    Float(FloatKind),
    /// `none`
    None,
    /// A ranked, statically shaped tensor; the element may be quantised.
    Tensor {
        /// Dimensions, outermost first.
        shape: SmallVec<[i64; 4]>,
        /// Element type.
        elem: Type,
    },
    /// A buffer in row-major order, with no memory space; a dimension of [`TypeData::DYNAMIC`] prints as `?`.
    MemRef {
        /// Dimensions, outermost first.
        shape: SmallVec<[i64; 4]>,
        /// Element type: integer, index, float or vector.
        elem: Type,
    },
    /// A vector.
    Vector {
        /// Dimensions, outermost first.
        shape: SmallVec<[i64; 4]>,
        /// Element type.
        elem: Type,
    },
    /// A function type.
    Function {
        /// Argument types.
        inputs: Vec<Type>,
        /// Result types.
        results: Vec<Type>,
    },
    /// A quantised element type.
    Quant(QuantType),
    /// A type of an unregistered dialect, as its text (`!acme.token`).
    Opaque(String),
}

impl TypeData {
    /// The size of a dynamic dimension.
    pub const DYNAMIC: i64 = i64::MIN;

    /// Shape of a tensor, memref or vector.
    pub fn shape(&self) -> Option<&[i64]> {
        match self {
            TypeData::Tensor { shape, .. }
            | TypeData::MemRef { shape, .. }
            | TypeData::Vector { shape, .. } => Some(shape),
            _ => None,
        }
    }

    /// Element type of a tensor, memref or vector.
    pub fn elem(&self) -> Option<Type> {
        match self {
            TypeData::Tensor { elem, .. }
            | TypeData::MemRef { elem, .. }
            | TypeData::Vector { elem, .. } => Some(*elem),
            _ => None,
        }
    }
}
