//! Sessions and compiled models on several threads, and sessions called while they are at work.

use crate::caller::*;
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use thumbwright_capi::*;

/// Calls the session that it is called from.
unsafe extern "C" fn interfere(_: *const Diagnostic, user: *mut c_void) {
    // SAFETY: the library calls with what was registered, which is a session and a list.
    let (session, statuses) = unsafe { &mut *user.cast::<(*mut Session, Vec<Status>)>() };
    let (mut view, mut compiled) = (no_text(), null_mut());
    // SAFETY: a session, and arguments as the header wants them.
    unsafe {
        statuses.push(tw_session_set_pipeline(*session, null()));
        statuses.push(tw_session_last_error(*session, &raw mut view));
        statuses.push(tw_session_compile(*session, &raw mut compiled));
        statuses.push(tw_session_destroy(*session));
    }
}

#[test]
fn a_session_at_work_is_busy() {
    let session = Owned::ready();
    let mut told = (session.0, Vec::<Status>::new());
    // SAFETY: a session, and a callback for such a pointer.
    let status =
        unsafe { tw_session_on_diagnostic(session.0, Some(interfere), (&raw mut told).cast()) };
    assert_eq!(status, Status::Ok);
    let output = session.compile();
    assert!(told.1.len() >= 4);
    assert!(told.1.iter().all(|s| *s == Status::Busy), "{:?}", told.1);
    assert!(!output.files().is_empty());
}

#[test]
fn two_sessions_on_two_threads() {
    let targets = [c"cortex-m4", c"cortex-m0"];
    let expected = targets.map(|target| {
        let session = Owned::ready();
        assert_eq!(session.set(c"target", Some(target)), Status::Ok);
        session.compile().files()
    });
    assert_ne!(expected[0], expected[1]);
    std::thread::scope(|scope| {
        for (target, expected) in targets.iter().zip(&expected) {
            scope.spawn(move || {
                let session = Owned::ready();
                let mut heard = Heard::new();
                session.listen(&mut heard);
                assert_eq!(session.set(c"target", Some(target)), Status::Ok);
                for round in 1..=4 {
                    assert_eq!(session.compile().files(), *expected);
                    assert_eq!(heard.len() % round, 0, "no other session's diagnostics");
                    // Its own last error, whatever the other does.
                    assert_eq!(session.set(target, None), Status::UnknownOption);
                    assert!(session.last_error().contains(target.to_str().unwrap()));
                }
            });
        }
    });
}

#[test]
fn many_threads_look_at_one_compiled_model() {
    let session = Owned::ready();
    let output = session.compile();
    let texts: Vec<(Vec<(String, String)>, String)> = std::thread::scope(|scope| {
        let look = || (output.files(), output.text(tw_compiled_module_text));
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(look)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(texts.iter().all(|t| *t == texts[0]));
}

/// One session, called from two threads at once: every call either works or is told that the session is busy.
#[test]
fn one_session_on_two_threads_is_busy_or_works() {
    struct Everywhere(*mut Session);
    // SAFETY: the header says that calls may come from any thread.
    unsafe impl Sync for Everywhere {}
    let session = Owned::ready();
    let expected = session.compile().files();
    let shared = Everywhere(session.0);
    let shared = &shared;
    let worked: usize = std::thread::scope(|scope| {
        let expected = &expected;
        let work = move || {
            let mut worked = 0;
            while worked < 3 {
                let mut compiled = null_mut();
                // SAFETY: a session and a place for what comes out.
                match unsafe { tw_session_compile(shared.0, &raw mut compiled) } {
                    Status::Ok => {
                        assert_eq!(Output(compiled).files(), *expected);
                        worked += 1;
                    }
                    status => assert_eq!(status, Status::Busy),
                }
            }
            worked
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(worked, 6);
}
