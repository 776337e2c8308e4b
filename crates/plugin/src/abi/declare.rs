//! How the interface is declared: once, for Rust and for the C header.

/// The type of a C interface, its layout and its place in the header.
macro_rules! c_structs {
    ($(
        $(#[doc = $doc:literal])+
        pub struct $Name:ident = $c:literal {
            $($(#[doc = $fdoc:literal])+ pub $field:ident: $ty:ty,)+
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[repr(C)]
            #[derive(Clone, Copy, Debug)]
            pub struct $Name {
                $($(#[doc = $fdoc])+ pub $field: $ty,)+
            }

            impl $crate::abi::CType for $Name {
                fn c_name() -> String {
                    $c.to_owned()
                }
            }

            impl Default for $Name {
                /// Zero in every field: null pointers, absent functions.
                fn default() -> $Name {
                    // SAFETY: every field is an integer, a float, a raw pointer, an optional function, or a struct of those.
                    unsafe { std::mem::zeroed() }
                }
            }
        )+

        /// The structs of this file, for the header and its test.
        pub(super) fn structs() -> Vec<$crate::abi::header::Struct> {
            vec![$($crate::abi::header::Struct {
                name: $c,
                docs: &[$($doc),+],
                size: std::mem::size_of::<$Name>(),
                fields: vec![$($crate::abi::header::Field {
                    name: stringify!($field),
                    docs: &[$($fdoc),+],
                    ty: <$ty as $crate::abi::CType>::c_name(),
                    offset: std::mem::offset_of!($Name, $field),
                }),+],
            }),+]
        }
    };
}

/// Integer constants, group by group.
macro_rules! c_constants {
    ($(
        $(#[doc = $doc:literal])+
        $group:ident: $prefix:literal {
            $($(#[doc = $vdoc:literal])+ $name:ident = $value:literal,)+
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            pub mod $group {
                $($(#[doc = $vdoc])+ pub const $name: u32 = $value;)+
            }
        )+

        /// The constants, for the header and its test.
        pub(super) fn constants() -> Vec<$crate::abi::header::Constants> {
            vec![$($crate::abi::header::Constants {
                docs: &[$($doc),+],
                prefix: $prefix,
                values: vec![$((stringify!($name), &[$($vdoc),+], i64::from($group::$name))),+],
            }),+]
        }
    };
}

/// Handles: integers that name something of a context.
macro_rules! c_handles {
    ($($(#[doc = $doc:literal])+ $Name:ident = $c:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[repr(transparent)]
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
            pub struct $Name(pub u64);

            impl $crate::abi::CType for $Name {
                fn c_name() -> String {
                    $c.to_owned()
                }
            }
        )+

        /// The handles, for the header.
        pub(super) fn handles() -> Vec<(&'static str, &'static [&'static str])> {
            vec![$(($c, &[$($doc),+] as &[&str])),+]
        }
    };
}

/// Types of functions that a plug-in gives to the host.
macro_rules! c_callbacks {
    ($(
        $(#[doc = $doc:literal])+
        pub type $Name:ident = $c:literal fn($($arg:ident: $ty:ty),*) -> $ret:ty;
    )+) => {
        $(
            $(#[doc = $doc])+
            pub type $Name = unsafe extern "C" fn($($arg: $ty),*) -> $ret;

            impl $crate::abi::CType for Option<$Name> {
                fn c_name() -> String {
                    $c.to_owned()
                }
            }
        )+

        /// The types, for the header.
        pub(super) fn callbacks() -> Vec<$crate::abi::header::Function> {
            vec![$($crate::abi::header::Function {
                name: $c,
                docs: &[$($doc),+],
                returns: <$ret as $crate::abi::CType>::c_name(),
                arguments: vec![$((stringify!($arg), <$ty as $crate::abi::CType>::c_name())),*],
            }),+]
        }
    };
}

/// The table of the host's functions. Each takes the context first.
macro_rules! c_host {
    ($($(#[doc = $doc:literal])+ fn $name:ident($($arg:ident: $ty:ty),*);)+) => {
        /// What the host offers: a table of functions, alive as long as the process.
        ///
        /// A plug-in that serves version `n` may use what version `n` had, and nothing behind it.
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct Host {
            /// The host's version of the interface.
            pub version: u32,
            /// Bytes of this struct.
            pub size: u32,
            $($(#[doc = $doc])+ pub $name: unsafe extern "C" fn(cx: Context $(, $arg: $ty)*) -> Status,)+
        }

        /// The host's functions, for the header and its test.
        pub(super) fn host_table() -> Vec<($crate::abi::header::Function, usize)> {
            vec![$(($crate::abi::header::Function {
                name: stringify!($name),
                docs: &[$($doc),+],
                returns: <Status as $crate::abi::CType>::c_name(),
                arguments: vec![
                    ("cx", <Context as $crate::abi::CType>::c_name()),
                    $((stringify!($arg), <$ty as $crate::abi::CType>::c_name())),*
                ],
            }, std::mem::offset_of!(Host, $name)),)+]
        }
    };
}
