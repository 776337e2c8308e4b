//! Schedules: how a tensor-level operation becomes loops.

use super::context::{Cx, get, integers, tell, text};
use super::error::{Error, Result};
use super::export::guarded;
use super::register::{Registered, Registrar};
use crate::abi::{Attr, Block, Bytes, Context, Cost, Op, ScheduleInfo, Status, Str, Type, Value};
use std::ffi::c_void;
use std::ops::Deref;
use std::sync::Arc;

/// Lowers one kind of operation, for the targets and shapes that it is made for. Of all that apply, the cheapest is taken.
///
/// The kernel must compute what the interpretation of the operation computes, bit for bit.
pub trait Schedule: Send + Sync + 'static {
    /// Unique name in kebab-case.
    fn name(&self) -> &str;

    /// The full name of the operation that it lowers.
    fn op(&self) -> &str;

    /// The names of its knobs.
    fn knobs(&self) -> &[&str] {
        &[]
    }

    /// Whether it can lower this operation; if not, why.
    ///
    /// # Errors
    /// If that cannot be said.
    fn applies(&self, cx: &Cx<'_>, op: Op) -> Result<Result<(), String>>;

    /// The choices of knobs: at least one, each with a value for every knob.
    ///
    /// # Errors
    /// If they cannot be said.
    fn space(&self, cx: &Cx<'_>, op: Op) -> Result<Vec<Vec<i64>>> {
        let _ = (cx, op);
        Ok(vec![Vec::new()])
    }

    /// What a choice costs.
    ///
    /// # Errors
    /// If it cannot be said.
    fn cost(&self, cx: &ScheduleCx<'_>, op: Op) -> Result<Cost>;

    /// Builds the kernel.
    ///
    /// # Errors
    /// What cannot be lowered.
    fn lower(&self, cx: &KernelCx<'_>, op: Op) -> Result<()>;
}

/// The context of a schedule with a choice of knobs.
pub struct ScheduleCx<'c>(Cx<'c>);

impl<'c> Deref for ScheduleCx<'c> {
    type Target = Cx<'c>;
    fn deref(&self) -> &Cx<'c> {
        &self.0
    }
}

impl ScheduleCx<'_> {
    /// The value of a knob.
    ///
    /// # Errors
    /// If the schedule declares none of the name.
    pub fn knob(&self, name: &str) -> Result<i64> {
        get!(self.0, knob(text(name)))
    }
}

/// The context of a kernel under construction. Arguments appear in the order in which they are asked for.
pub struct KernelCx<'c>(ScheduleCx<'c>);

impl<'c> Deref for KernelCx<'c> {
    type Target = ScheduleCx<'c>;
    fn deref(&self) -> &ScheduleCx<'c> {
        &self.0
    }
}

impl KernelCx<'_> {
    /// Names the kernel after what it computes.
    ///
    /// # Errors
    /// If it is no name for C.
    pub fn set_name(&self, name: &str) -> Result<()> {
        tell!(self.0, kernel_name(text(name)))
    }

    /// The block of the kernel's body; it gets its terminator at the end.
    ///
    /// # Errors
    /// Never in `lower`.
    pub fn body(&self) -> Result<Block> {
        get!(self.0, kernel_block())
    }

    /// Operand `i` as a buffer of a shape with as many elements.
    ///
    /// # Errors
    /// If there is no such operand, or the shape does not fit.
    pub fn input(&self, i: usize, shape: &[i64]) -> Result<Value> {
        get!(self.0, kernel_input(i as u64, integers(shape)))
    }

    /// Result `i` as a buffer of a shape with as many elements.
    ///
    /// # Errors
    /// If there is no such result, or the shape does not fit.
    pub fn output(&self, i: usize, shape: &[i64]) -> Result<Value> {
        get!(self.0, kernel_output(i as u64, integers(shape)))
    }

    /// A constant table of little-endian elements; `role` says in one word what it is.
    ///
    /// # Errors
    /// If the bytes do not fit the shape.
    pub fn table(&self, role: &str, shape: &[i64], elem: Type, elements: &[u8]) -> Result<Value> {
        let bytes = Bytes {
            data: elements.as_ptr(),
            len: elements.len(),
        };
        get!(
            self.0,
            kernel_table(text(role), integers(shape), elem, bytes)
        )
    }

    /// A scalar that may differ between layers that share the kernel: an integer or float attribute.
    ///
    /// # Errors
    /// If the attribute is something else.
    pub fn scalar(&self, value: Attr) -> Result<Value> {
        get!(self.0, kernel_scalar(value))
    }

    /// The block of the kernel's second half, which is called before anything needs the results; its arguments are the kernel's, in order. All
    /// arguments are made before.
    ///
    /// # Errors
    /// Never in `lower`.
    pub fn wait(&self) -> Result<Block> {
        get!(self.0, kernel_wait())
    }

    /// Working memory.
    ///
    /// # Errors
    /// If such a buffer cannot be.
    pub fn scratch(&self, shape: &[i64], elem: Type) -> Result<Value> {
        get!(self.0, kernel_scratch(integers(shape), elem))
    }
}

unsafe extern "C" fn cost<S: Schedule>(
    user: *mut c_void,
    cx: Context,
    op: Op,
    cost: *mut Cost,
) -> Status {
    // SAFETY: registered together with what `stay` returned for an `Arc<S>`.
    let registered = unsafe { Registered::<Arc<S>>::back(user) };
    guarded(registered.host, cx, |cx| {
        let found = registered.function.cost(&ScheduleCx(cx), op)?;
        // SAFETY: the host passes a place for the answer.
        unsafe { cost.write(found) };
        Ok(true)
    })
}

impl Registrar<'_> {
    /// Registers a schedule.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn schedule<S: Schedule>(&self, schedule: S) -> Result<()> {
        self.with_info(schedule, |info| tell!(self.0, register_schedule(info)))
    }

    /// Registers an accelerator, which may claim what the terms of a text fit, `(nn.max_pool_2d ?x)`. The schedule is of `nn.offload` and lowers
    /// claims; its name is the accelerator's.
    ///
    /// # Errors
    /// If the name is taken, or `claims` are no terms.
    pub fn accelerator<S: Schedule>(&self, summary: &str, claims: &str, schedule: S) -> Result<()> {
        self.with_info(schedule, |info| {
            tell!(
                self.0,
                register_accelerator(text(summary), text(claims), info)
            )
        })
    }

    fn with_info<S: Schedule>(
        &self,
        schedule: S,
        register: impl FnOnce(&ScheduleInfo) -> Result<()>,
    ) -> Result<()> {
        let (host, schedule) = (self.0.host, Arc::new(schedule));
        // The interface has one pointer for all of a schedule's functions, so every function gets the same.
        let user = Registered::stay(host, schedule.clone());
        let knobs: Vec<Str> = schedule.knobs().iter().map(|k| text(k)).collect();
        let info = ScheduleInfo {
            size: size_of::<ScheduleInfo>() as u32,
            reserved: 0,
            name: text(schedule.name()),
            op: text(schedule.op()),
            knobs: knobs.as_ptr(),
            knob_count: knobs.len(),
            applies: Some(applies::<S>),
            space: Some(space::<S>),
            cost: Some(cost::<S>),
            lower: Some(lower::<S>),
            user,
        };
        register(&info)
    }
}

/// Runs a function of a schedule on an operation.
fn on_schedule<S: Schedule>(
    user: *mut c_void,
    cx: Context,
    work: impl FnOnce(&S, Cx<'_>) -> Result<bool>,
) -> Status {
    // SAFETY: only called with what `stay` returned for an `Arc<S>`.
    let registered = unsafe { Registered::<Arc<S>>::back(user) };
    guarded(registered.host, cx, |cx| work(&registered.function, cx))
}

unsafe extern "C" fn applies<S: Schedule>(user: *mut c_void, cx: Context, op: Op) -> Status {
    on_schedule::<S>(user, cx, |s, cx| match s.applies(&cx, op)? {
        Ok(()) => Ok(true),
        Err(why) => {
            cx.set_error(&why);
            Ok(false)
        }
    })
}

unsafe extern "C" fn space<S: Schedule>(user: *mut c_void, cx: Context, op: Op) -> Status {
    on_schedule::<S>(user, cx, |s, cx| {
        let choices = s.space(&cx, op)?;
        if choices.is_empty() {
            return Err(Error::new("`space` gives no choice"));
        }
        for choice in choices {
            tell!(cx, add_choice(integers(&choice)))?;
        }
        Ok(true)
    })
}

unsafe extern "C" fn lower<S: Schedule>(user: *mut c_void, cx: Context, op: Op) -> Status {
    on_schedule::<S>(user, cx, |s, cx| {
        s.lower(&KernelCx(ScheduleCx(cx)), op).map(|()| true)
    })
}
