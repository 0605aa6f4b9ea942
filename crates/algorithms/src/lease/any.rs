//! All recipes as one type.
//!
//! An engine is compiled once for each protocol that it runs, and that is most of what building this project takes. Recipes
//! differ only in what contenders do, which is little of a run: so a cluster's protocol is the same type for all of them,
//! and a step of a contender begins with a look at which recipe it is.

use super::client::{Client, Patience};
use super::recipe::{Event, Out, Recipe};
use super::service::Rules;
use super::{chubby, consul, etcd, kafka, kubernetes, zookeeper};
use crate::Claim;
use interregnum_kernel::{Deadline, FencingToken, Now, Role};

/// Declares the recipes, each from its module.
macro_rules! recipes {
    ($($name:ident in $module:ident),+ $(,)?) => {
        /// Any of the recipes.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum AnyRecipe {
            $(#[doc = concat!("See [`", stringify!($module), "`].")] $name($module::$name)),+
        }

        /// The memory of a contender of any of the recipes.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum AnyContender {
            $(#[doc = concat!("See [`", stringify!($module), "`].")] $name(<$module::$name as Recipe>::Contender)),+
        }

        $(
            impl From<$module::$name> for AnyRecipe {
                fn from(recipe: $module::$name) -> AnyRecipe {
                    AnyRecipe::$name(recipe)
                }
            }
        )+

        /// Asks the recipe that it is.
        macro_rules! of_recipe {
            ($any:expr, $recipe:ident => $answer:expr) => {
                match $any { $(AnyRecipe::$name($recipe) => $answer),+ }
            };
        }

        /// Asks the recipe that it is about a contender, which it has begun itself.
        macro_rules! of_both {
            ($any:expr, $contender:expr, ($recipe:ident, $its:ident) => $answer:expr, else $nothing:expr) => {
                match ($any, $contender) {
                    $((AnyRecipe::$name($recipe), AnyContender::$name($its)) => $answer,)+
                    _ => $nothing,
                }
            };
        }

        impl AnyContender {
            /// See [`Recipe::client`].
            pub(super) fn client(&mut self) -> &mut Client {
                match self { $(AnyContender::$name(contender) => <$module::$name as Recipe>::client(contender)),+ }
            }
        }

        impl AnyRecipe {
            /// See [`Recipe::begin`].
            pub(super) fn begin(&self, client: Client, now: Now, out: &mut Out) -> AnyContender {
                match self { $(AnyRecipe::$name(recipe) => AnyContender::$name(recipe.begin(client, now, out))),+ }
            }
        }
    };
}

recipes! {
    Etcd in etcd,
    Kubernetes in kubernetes,
    Consul in consul,
    ZooKeeper in zookeeper,
    Chubby in chubby,
    Kafka in kafka,
}

impl AnyRecipe {
    /// See [`Recipe::claims`].
    pub(super) fn claims(&self) -> Vec<Claim> {
        of_recipe!(self, recipe => recipe.claims())
    }
    /// See [`Recipe::renews_late`].
    pub(super) fn renews_late(&self) -> bool {
        of_recipe!(self, recipe => recipe.renews_late())
    }
    /// See [`Recipe::hangs_up`].
    #[inline]
    pub(super) fn hangs_up(&self) -> bool {
        of_recipe!(self, recipe => recipe.hangs_up())
    }
    /// See [`Recipe::rules`].
    #[inline]
    pub(super) fn rules(&self) -> &Rules {
        of_recipe!(self, recipe => recipe.rules())
    }
    /// See [`Recipe::master_lease`].
    #[inline]
    pub(super) fn master_lease(&self) -> Option<u64> {
        of_recipe!(self, recipe => recipe.master_lease())
    }
    /// See [`Recipe::patience`].
    pub(super) fn patience(&self) -> Patience {
        of_recipe!(self, recipe => recipe.patience())
    }
    /// See [`Recipe::token`].
    pub(super) fn token(&self, number: u64) -> Option<FencingToken> {
        of_recipe!(self, recipe => recipe.token(number))
    }
    /// See [`Recipe::on`].
    pub(super) fn on(&self, contender: &mut AnyContender, now: Now, event: Event, out: &mut Out) {
        of_both!(self, contender, (recipe, its) => recipe.on(its, now, event, out), else ());
    }
    /// See [`Recipe::leads`].
    #[inline]
    pub(super) fn leads(&self, contender: &AnyContender, now: Now) -> Option<u64> {
        of_both!(self, contender, (recipe, its) => recipe.leads(its, now), else None)
    }
    /// See [`Recipe::until`].
    #[inline]
    pub(super) fn until(&self, contender: &AnyContender, now: Now) -> Option<Deadline> {
        of_both!(self, contender, (recipe, its) => recipe.until(its, now), else None)
    }
    /// See [`Recipe::role`].
    #[inline]
    pub(super) fn role(&self, contender: &AnyContender) -> Role {
        of_both!(self, contender, (recipe, its) => recipe.role(its), else Role::Follower)
    }
    /// See [`Recipe::highest`].
    #[inline]
    pub(super) fn highest(&self, contender: &AnyContender) -> u64 {
        of_both!(self, contender, (recipe, its) => recipe.highest(its), else 0)
    }
}
