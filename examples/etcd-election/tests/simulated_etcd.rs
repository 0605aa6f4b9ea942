//! The application with `#[madsim::test]` and nothing of ours around it, and what the simulated etcd does otherwise than etcd.
//!
//! Whoever tests an election with `madsim-etcd-client` should know these differences; the margins and bounds in `election.rs` follow
//! from the first.

use etcd_client::{Client, LeaderKey, SimServer};
use interregnum_etcd_example::app::{self, Care, Options};
use madsim::runtime::{Handle, NodeHandle, Runtime};
use madsim::time::{Duration, Instant, sleep, timeout};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

const ETCD: &str = "10.0.0.1:2379";
const STORE: &str = "10.0.0.2:2379";

/// What the tests print of their runs.
const MARK: &str = "seed and writers: ";

fn machine(number: u8) -> NodeHandle {
    let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, number));
    Handle::current().create_node().name(format!("machine {number}")).ip(ip).build()
}

fn start_etcd() {
    let address: SocketAddr = ETCD.parse().expect("an address");
    machine(1).spawn(async move { SimServer::builder().serve(address).await });
}

/// A connection to etcd from a machine of its own, on which the work is done.
async fn on_a_machine<F>(number: u8, work: impl FnOnce(Client) -> F + Send + 'static) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    let task = machine(number).spawn(async move {
        sleep(Duration::from_millis(50)).await;
        work(Client::connect([ETCD], None).await.expect("etcd is up")).await
    });
    task.await.expect("the machine lives")
}

/// Every write in the order of its arrival: who, by which token.
type Journal = Arc<Mutex<Vec<(String, u64)>>>;

/// A store without a fence.
async fn keep(journal: Journal) {
    let listener = TcpListener::bind(STORE).await.expect("the address is free");
    while let Ok((stream, _)) = listener.accept().await {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|bytes| bytes > 0) {
                let words: Vec<&str> = line.split_whitespace().collect();
                let token = words[2].parse().expect("a fenced instance sends its token");
                journal.lock().expect("one task at a time").push((words[1].to_owned(), token));
                line.clear();
                if stream.write_all(b"taken\n").await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
        });
    }
}

#[madsim::test]
async fn one_instance_at_a_time_writes_and_another_follows_when_it_dies() {
    start_etcd();
    let journal = Journal::default();
    machine(2).spawn(keep(Arc::clone(&journal)));
    let instances: BTreeMap<String, NodeHandle> =
        (3..6).map(|number| (format!("instance {number}").replace(' ', "-"), machine(number))).collect();
    for (name, machine) in &instances {
        machine.spawn(app::contender(Options {
            name: name.clone(),
            etcd: ETCD.to_owned(),
            store: STORE.to_owned(),
            election: "writer".to_owned(),
            ttl: 3,
            care: Care::Fenced { margin: Duration::from_secs(1) },
            write_every: Duration::from_millis(100),
            prepare: Duration::ZERO..Duration::from_millis(3),
        }));
    }
    sleep(Duration::from_secs(5)).await;
    let before = journal.lock().expect("one task at a time").clone();
    let (first, token) = before.last().expect("somebody writes").clone();
    assert!(before.iter().all(|write| *write == (first.clone(), token)), "one instance writes: {before:?}");
    Handle::current().kill(instances[&first].id());
    sleep(Duration::from_secs(5)).await;
    let after = journal.lock().expect("one task at a time").split_off(before.len());
    let (second, later) = after.last().expect("somebody else writes").clone();
    println!("{MARK}{} {first} {second} {}", Handle::current().seed(), before.len() + after.len());
    assert_ne!(second, first, "the dead do not write");
    assert!(later > token, "and tokens rise");
}

/// Runs one test of this very program in a process of its own.
fn child(test: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("a test is a program"));
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MADSIM_") {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied()).output().expect("the program runs")
}

#[test]
fn madsims_variables_hold_for_the_application() {
    let told = |variables: &[(&str, &str)]| {
        let output = child("one_instance_at_a_time_writes_and_another_follows_when_it_dies", variables);
        assert!(output.status.success(), "with {variables:?}: {output:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter_map(|line| Some(line.split_once(MARK)?.1.to_owned())).collect::<Vec<_>>()
    };
    let seed = |seed| ("MADSIM_TEST_SEED", seed);
    let [seven] = &told(&[seed("7")])[..] else { panic!("one run is told of") };
    assert!(seven.starts_with("7 "), "the seed is the one that was asked for: {seven}");
    let many = told(&[seed("7"), ("MADSIM_TEST_NUM", "20")]);
    assert_eq!(many.len(), 20, "so many seeds are run");
    assert_eq!(many.first(), Some(seven), "the first of them as it is alone");
    let distinct = |word: usize| {
        many.iter()
            .filter_map(|run| run.split(' ').nth(word))
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    assert_eq!((distinct(0), distinct(1)), (20, 3), "each with its seed; and each instance wins some");
    let twice = told(&[seed("7"), ("MADSIM_TEST_CHECK_DETERMINISM", "1")]);
    assert_eq!(twice, [seven.clone(), seven.clone()], "and the check finds it the same twice");
}

#[madsim::test]
async fn the_simulated_server_ends_a_lease_up_to_a_second_early() {
    start_etcd();
    let lived = on_a_machine(3, |client| async move {
        let mut lived = Vec::new();
        for place in 0..40 {
            let asked = Instant::now();
            let lease = client.lease_client().grant(2, None).await.expect("granted").id();
            while client.lease_client().time_to_live(lease, None).await.is_ok() {}
            lived.push(asked.elapsed());
            // The next one is asked for at another moment of the server's second.
            sleep(Duration::from_millis(137 * place % 1000)).await;
        }
        lived
    });
    let lived = lived.await;
    let (least, most) = (lived.iter().min().expect("some"), lived.iter().max().expect("some"));
    // A question takes two latencies of up to 10 ms and three floors of a millisecond.
    let question = Duration::from_millis(23);
    assert!(*least > Duration::from_secs(1) && *most < Duration::from_secs(2) + 2 * question, "{lived:?}");
    assert!(
        *least < Duration::from_millis(1200),
        "etcd ends none before its time; here one lived {least:?} of 2 s"
    );
}

#[madsim::test]
async fn a_lease_of_a_second_does_not_live_by_being_kept_alive() {
    start_etcd();
    let lived = on_a_machine(3, |client| async move {
        let began = Instant::now();
        let lease = client.lease_client().grant(1, None).await.expect("granted").id();
        let (mut keeper, mut answers) = client.lease_client().keep_alive(lease).await.expect("kept");
        while keeper.keep_alive().await.is_ok() && answers.message().await.is_ok() {}
        began.elapsed()
    });
    let lived = lived.await;
    assert!(lived < Duration::from_millis(1100), "it was kept alive all the time and lived {lived:?}");
}

/// Campaigns under a lease of so many seconds, that nobody keeps alive.
async fn campaign(client: &Client, ttl: i64, value: &str) -> LeaderKey {
    let lease = client.lease_client().grant(ttl, None).await.expect("granted").id();
    let won = client.election_client().campaign("office", value, lease).await.expect("won");
    won.leader().expect("a key").clone()
}

#[madsim::test]
async fn a_campaign_that_is_repeated_names_another_revision_than_the_keys_own() {
    start_etcd();
    let (first, again, created) = on_a_machine(3, |client| async move {
        let key = campaign(&client, 60, "me").await;
        // Something else happens in the meantime.
        client.kv_client().put("other", "thing", None).await.expect("put");
        let again = client.election_client().campaign("office", "me", key.lease()).await.expect("won");
        let leader = client.election_client().leader("office").await.expect("there is one");
        let created = leader.kv().expect("a key").create_revision();
        (key.rev(), again.leader().expect("a key").rev(), created)
    })
    .await;
    assert_eq!(first, created, "the token of the first campaign is the revision that the key was created at");
    assert!(again > created, "that of the second is not: {again}, where etcd says {created}");
}

#[madsim::test]
async fn whoever_waits_in_a_campaign_is_not_told_that_its_own_lease_is_over() {
    start_etcd();
    let told = on_a_machine(3, |client| async move {
        let _leader = campaign(&client, 60, "leader").await;
        let lease = client.lease_client().grant(2, None).await.expect("granted").id();
        let mut elections = client.election_client();
        timeout(Duration::from_secs(30), elections.campaign("office", "waiter", lease)).await.is_ok()
    });
    assert!(!told.await, "the lease was over after 2 s, and after 30 s the campaign still waits");
}

/// Eight contend; of seven that wait five lose their leases at one count, and another one waits on.
async fn crowd() {
    start_etcd();
    on_a_machine(3, |client| async move {
        let _leader = campaign(&client, 600, "leader").await;
        for waiter in 0..7 {
            let ttl = if waiter < 2 { 600 } else { 2 };
            let lease = client.lease_client().grant(ttl, None).await.expect("granted").id();
            let mut elections = client.election_client();
            tokio::spawn(
                async move { elections.campaign("office", format!("waiter {waiter}"), lease).await },
            );
        }
        sleep(Duration::from_secs(5)).await;
    })
    .await;
}

#[test]
fn five_leases_that_end_at_once_bring_down_the_simulated_server_while_others_wait() {
    let runs = (0..8).map(|seed| {
        let run = move || Runtime::with_seed_and_config(seed, madsim::Config::default()).block_on(crowd());
        let panic = std::thread::spawn(run).join().expect_err("the server's task panics");
        panic.downcast_ref::<String>().cloned().or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()))
    });
    for panic in runs {
        let panic = panic.unwrap_or_default();
        assert!(
            panic.contains("sender should not drop"),
            "a waiter's channel of four events is full: {panic}"
        );
    }
}
