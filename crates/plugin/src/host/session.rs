//! What one callback may see and do: its module, its handles, and what it gives back.
//!
//! Invariant: a session can be reached by its [`Context`](abi::Context) while its callback runs, on the thread of the callback, and while
//! no callback that runs inside of it is running. So no two sessions are ever borrowed at once.

use super::handles::{Entity, Handles, Kind, Lent, MAX_DEPTH};
use super::refusal::{Outcome, Refusal, not_allowed};
use crate::abi;
use ir::interfaces::{Datum, Folded};
use ir::{BlockId, Diagnostic, Module, OpId, Type};
use pass::{KernelBuilder, Knobs, PassCx, RegistryBuilder};
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use target::Target;

/// What a callback may do with a module.
pub(super) enum Access<'a> {
    /// There is no module.
    None,
    /// Look.
    Read(&'a Module),
    /// Look, and intern types and attributes.
    Intern(&'a mut Module),
    /// Change what is inside of the scope.
    Change(&'a mut Module),
    /// Change what is inside of the kernel's function.
    Kernel(&'a mut dyn Kernel),
}

/// A kernel under construction, whatever its lifetime.
pub(super) trait Kernel {
    fn builder(&mut self) -> KernelOf<'_>;
    fn module(&mut self) -> &mut Module;
}

/// What [`Kernel`] offers beside its module.
pub(super) type KernelOf<'k> = &'k mut dyn KernelParts;

/// The methods of [`KernelBuilder`] that the interface has functions for.
pub(super) trait KernelParts {
    fn set_name(&mut self, name: &str);
    fn entry(&self) -> BlockId;
    fn wait(&mut self) -> (OpId, BlockId);
    fn input(&mut self, op: OpId, i: usize, shape: &[i64]) -> ir::ValueId;
    fn output(&mut self, op: OpId, i: usize, shape: &[i64]) -> ir::ValueId;
    fn table(&mut self, role: &str, shape: &[i64], elem: Type, bytes: &[u8]) -> ir::ValueId;
    fn scalar(&mut self, ty: Type, value: ir::Attr) -> ir::ValueId;
    fn scratch(&mut self, shape: &[i64], elem: Type) -> ir::ValueId;
}

impl KernelParts for KernelBuilder<'_> {
    fn set_name(&mut self, name: &str) {
        KernelBuilder::set_name(self, name);
    }
    fn entry(&self) -> BlockId {
        KernelBuilder::entry(self)
    }
    fn wait(&mut self) -> (OpId, BlockId) {
        let block = KernelBuilder::wait(self);
        let m = KernelBuilder::module(self);
        (m.region_op(m.block_region(block)), block)
    }
    fn input(&mut self, op: OpId, i: usize, shape: &[i64]) -> ir::ValueId {
        KernelBuilder::input(self, op, i, shape)
    }
    fn output(&mut self, op: OpId, i: usize, shape: &[i64]) -> ir::ValueId {
        KernelBuilder::output(self, op, i, shape)
    }
    fn table(&mut self, role: &str, shape: &[i64], elem: Type, bytes: &[u8]) -> ir::ValueId {
        KernelBuilder::table(self, role, shape, elem, bytes.to_vec())
    }
    fn scalar(&mut self, ty: Type, value: ir::Attr) -> ir::ValueId {
        KernelBuilder::scalar(self, ty, value)
    }
    fn scratch(&mut self, shape: &[i64], elem: Type) -> ir::ValueId {
        KernelBuilder::scratch(self, shape, elem)
    }
}

impl Kernel for KernelBuilder<'_> {
    fn builder(&mut self) -> KernelOf<'_> {
        self
    }
    fn module(&mut self) -> &mut Module {
        KernelBuilder::module(self)
    }
}

impl Access<'_> {
    /// For looking.
    pub fn read(&mut self) -> Outcome<&Module> {
        match self {
            Access::None => not_allowed("there is no module in this callback"),
            Access::Read(m) => Ok(m),
            Access::Intern(m) | Access::Change(m) => Ok(m),
            Access::Kernel(k) => Ok(k.module()),
        }
    }

    /// For interning.
    pub fn intern(&mut self) -> Outcome<&mut Module> {
        match self {
            Access::None | Access::Read(_) => {
                not_allowed("types, attributes and locations cannot be made in this callback")
            }
            Access::Intern(m) | Access::Change(m) => Ok(m),
            Access::Kernel(k) => Ok(k.module()),
        }
    }

    /// For changing; within the session's scope, see [`Session::change`].
    fn change(&mut self) -> Outcome<&mut Module> {
        match self {
            Access::Change(m) => Ok(m),
            Access::Kernel(k) => Ok(k.module()),
            _ => not_allowed("the module cannot be changed in this callback"),
        }
    }
}

/// What only a pass has.
pub(super) trait PassServices {
    fn count(&mut self, what: &str, n: u64);
    fn take_fuel(&mut self) -> bool;
}

impl PassServices for PassCx<'_> {
    fn count(&mut self, what: &str, n: u64) {
        PassCx::count(self, what, n);
    }
    fn take_fuel(&mut self) -> bool {
        self.fuel.take()
    }
}

/// One callback.
pub(super) struct Session<'a> {
    tag: u32,
    pub access: Access<'a>,
    /// The op inside of which the callback may change things.
    pub scope: Option<OpId>,
    /// Another such op: the second half of a kernel.
    pub second: Option<OpId>,
    pub handles: Handles,
    pub lent: Lent,
    /// Why it fails, if it does.
    pub error: Option<String>,
    /// What it reported.
    pub diagnostics: Vec<Diagnostic>,
    pub pass: Option<&'a mut dyn PassServices>,
    pub options: Option<&'a [(String, String)]>,
    pub target: Option<&'a Target>,
    /// The op that it was called for.
    op: Option<OpId>,
    /// Results of an interpretation, one for each that the op has.
    pub data: Option<Vec<Option<Datum>>>,
    /// What results are folded to, one for each that the op has.
    pub folded: Option<Vec<Option<Folded>>>,
    /// Inferred types.
    pub types: Option<Vec<Type>>,
    /// The names of a schedule's knobs.
    pub knob_names: Option<&'a [Arc<str>]>,
    pub choice: Option<&'a Knobs>,
    pub choices: Option<Vec<Knobs>>,
    pub registration: Option<(&'a mut RegistryBuilder, Arc<super::callbacks::Origin>)>,
}

static NEXT_TAG: AtomicU32 = AtomicU32::new(1);

fn next_tag() -> u32 {
    NEXT_TAG.fetch_add(1, Ordering::Relaxed) & super::handles::TAG_MASK
}

impl<'a> Session<'a> {
    /// With access to a module, and nothing else.
    pub fn new(access: Access<'a>) -> Session<'a> {
        let tag = next_tag();
        Session {
            tag,
            access,
            scope: None,
            second: None,
            handles: Handles::new(tag),
            lent: Lent::default(),
            error: None,
            diagnostics: Vec::new(),
            pass: None,
            options: None,
            target: None,
            op: None,
            data: None,
            folded: None,
            types: None,
            knob_names: None,
            choice: None,
            choices: None,
            registration: None,
        }
    }

    /// Called for an op.
    pub fn on(mut self, op: OpId) -> Session<'a> {
        self.op = Some(op);
        self
    }

    /// Where the op is that the callback is called for, if it may only look at it.
    pub fn place(&self) -> Option<String> {
        let (Access::Read(m), Some(op)) = (&self.access, self.op) else {
            return None;
        };
        m.describe_loc(m.op_loc(op))
    }

    /// Which may change what is inside of an op.
    pub fn within(mut self, scope: OpId) -> Session<'a> {
        self.scope = Some(scope);
        self
    }

    /// The handle of the op that the callback is called for; 0 if there is none.
    pub fn op_handle(&mut self) -> abi::Op {
        match self.op {
            Some(op) => abi::Op(self.handles.of(Entity::Op(op))),
            None => abi::Op(0),
        }
    }

    /// The op that the callback is called for, unless there is none or it is gone.
    pub fn op(&mut self) -> Outcome<OpId> {
        let m = self.access.read()?;
        match self.op.filter(|&op| m.contains(op)) {
            Some(op) => Ok(op),
            None => not_allowed("this callback is for no op, or erased it"),
        }
    }

    /// Another module, with this root, is in the place of the one that there was: nothing of the old one counts any more.
    pub fn begin_anew(&mut self, root: OpId) {
        self.handles = Handles::new(next_tag());
        (self.scope, self.op) = (Some(root), Some(root));
    }

    /// The module, to change an op itself: inside of the scope, or the scope.
    pub fn change(&mut self, op: OpId) -> Outcome<&mut Module> {
        let scopes = [self.scope, self.second];
        let m = self.access.change()?;
        if !around(m, op).any(|o| scopes.contains(&Some(o))) {
            return not_allowed("the op is outside of what this callback may change");
        }
        Ok(m)
    }

    /// The module, to remove or move an op: strictly inside of the scope.
    pub fn take(&mut self, op: OpId) -> Outcome<&mut Module> {
        if [self.scope, self.second].contains(&Some(op)) {
            return not_allowed("this callback was called for the op, which stays");
        }
        let m = self.change(op)?;
        if m.op_block(op).is_none() {
            return not_allowed("the op is in no block");
        }
        Ok(m)
    }

    /// The module, to put ops into a block whose ops then contain `height` levels.
    pub fn fill(&mut self, block: BlockId, height: usize) -> Outcome<&mut Module> {
        let m = self.access.read()?;
        let around_block = m.region_op(m.block_region(block));
        if enclosing(m, block).count() + height > MAX_DEPTH {
            return not_allowed(format!("ops nest at most {MAX_DEPTH} deep"));
        }
        self.change(around_block)
    }

    /// What a handle of a kind names, if it is there.
    pub fn entity(&mut self, kind: Kind, handle: u64) -> Outcome<Entity> {
        let entity = self.handles.entity(kind, handle)?;
        let m = self.access.read()?;
        let exists = match entity {
            Entity::Op(x) => m.contains(x),
            Entity::Block(x) => m.contains_block(x),
            Entity::Region(x) => m.contains_region(x),
            Entity::Value(x) => m.contains_value(x),
            Entity::Type(_) | Entity::Attr(_) | Entity::Loc(_) => true,
        };
        match exists {
            true => Ok(entity),
            false => Err(Refusal::handle(format!(
                "the {} is gone: it was erased or replaced",
                kind.name()
            ))),
        }
    }
}

/// An op and the ops around it, innermost first.
pub(super) fn around(m: &Module, op: OpId) -> impl Iterator<Item = OpId> + '_ {
    std::iter::successors(Some(op), |&o| m.parent_op(o))
}

/// The op around a block, and the ops around that, innermost first.
pub(super) fn enclosing(m: &Module, block: BlockId) -> impl Iterator<Item = OpId> + '_ {
    around(m, m.region_op(m.block_region(block)))
}

thread_local! {
    /// The callbacks that are running on this thread, the innermost last.
    static RUNNING: RefCell<Vec<(u64, NonNull<Session<'static>>)>> = const { RefCell::new(Vec::new()) };
}

/// Leaves the innermost session, also when the work in it unwinds.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        RUNNING.with_borrow_mut(|all| all.pop());
    }
}

/// Does `work`, during which the session can be reached by its context.
pub(super) fn enter<T>(session: &mut Session<'_>, work: impl FnOnce(abi::Context) -> T) -> T {
    let context = Kind::CONTEXT | u64::from(session.tag) << 32;
    // The lifetime is forgotten here and bounded again in `with`: the entry is gone before this function returns.
    let pointer = NonNull::from(session).cast::<Session<'static>>();
    RUNNING.with_borrow_mut(|all| all.push((context, pointer)));
    let _leave = Leave;
    work(abi::Context(context))
}

/// Does `work` with the session of a context.
///
/// # Errors
/// If the context is not that of the innermost callback that is running on this thread, and of `work`.
pub(super) fn with(
    context: abi::Context,
    work: impl for<'s, 'a> FnOnce(&'s mut Session<'a>) -> Outcome,
) -> Outcome {
    let innermost = RUNNING.with_borrow(|all| all.last().copied());
    match innermost {
        Some((running, mut session)) if running == context.0 => {
            // SAFETY: the entry is there only while `enter` runs on this thread, which has the only reference to the session and does
            // not use it meanwhile. Two calls of `with` overlap only if `work` calls back into a plug-in, which happens inside of
            // another `enter`, whose session is then the innermost; and this one is not used again before that has returned.
            // `work` is for any lifetime, so it cannot keep anything of the session.
            work(unsafe { session.as_mut() })
        }
        _ => Err(Refusal::handle(
            "the context is not that of the callback that is running",
        )),
    }
}
