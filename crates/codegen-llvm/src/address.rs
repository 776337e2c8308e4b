//! Pointer arithmetic.

use crate::failure::Failure;
use inkwell::builder::Builder;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{IntValue, PointerValue};

/// The address of element `index` behind `base`, which must lie inside the buffer that `base` points into, or just behind it.
pub(crate) fn element<'ctx>(
    builder: &Builder<'ctx>,
    elem: BasicTypeEnum<'ctx>,
    base: PointerValue<'ctx>,
    index: IntValue<'ctx>,
) -> Result<PointerValue<'ctx>, Failure> {
    #[allow(unsafe_code, reason = "inkwell has no safe function for it")]
    // SAFETY: inkwell asks that the indices fit the type, as LLVM would otherwise crash: there is one, and `elem` is a first-class
    // type, so they do. Nothing is read or written here; that the code that is built stays in its buffers is the promise of the module.
    let address = unsafe { builder.build_in_bounds_gep(elem, base, &[index], "") }?;
    Ok(address)
}

/// The address of element `index` from `base` on, wherever that is.
pub(crate) fn near<'ctx>(
    builder: &Builder<'ctx>,
    elem: BasicTypeEnum<'ctx>,
    base: PointerValue<'ctx>,
    index: IntValue<'ctx>,
) -> Result<PointerValue<'ctx>, Failure> {
    #[allow(unsafe_code, reason = "inkwell has no safe function for it")]
    // SAFETY: as above; without `inbounds`, LLVM assumes nothing of the address.
    let address = unsafe { builder.build_gep(elem, base, &[index], "") }?;
    Ok(address)
}
