/*
 * What a step of isolation is: it looks at the host and says what is to be done, in
 * which order, and in which words that is told. It writes nothing itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_STEP_H
#define QEMU_PIN_STEPS_STEP_H

#include "host/host_change.h"
#include "isolation/journal.h"

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <variant>
#include <vector>

namespace qemu_pin {

struct IsolationRequest {
  CpuSet cpus;                    /* to be isolated */
  std::string command;            /* as it was called, for the journal */
  std::vector<std::string> steps; /* names, in order */

  /* cpuset */
  pid_t guest = 0;          /* process to put into the guest's control group; 0: none */
  std::string group;        /* the guest's control group: "/machine"; "": one of our own */
  std::string partition;    /* "root", "isolated" (cgroup v2); "": none */
  CpuSet mems;              /* NUMA nodes that the guest has for itself; empty: not asked */
  bool exclusive = false;   /* cgroup v1: no other group may have the CPUs */
  bool load_balance = true; /* cgroup v1: the scheduler balances the guest's group */
  bool migrate = false;     /* cgroup v1: memory follows to the nodes */

  std::vector<std::string> irq_to_guest; /* irq: these go to the CPUs; parts of names */
  std::string governor = "performance";  /* governor */

  IsolationId id() const { return IsolationId(cpus); }
};

/* Puts a value into a setting, to be undone. */
struct SetOperation {
  Setting setting;
  ValueFormat format;
  Claim::Want want;
  std::string operand;    /* of the claim */
  std::string means = {}; /* the CPU list that an empty value stands for */
  /* Refusals that are told, not failures: errno numbers. */
  std::vector<int> tolerated = {};
  /* What it has: where it was read already, or where it is in a group that is made by an
   * operation before, and has that then. */
  std::optional<std::string> before = {};
  /* If it does not read then as it was written, that is a refusal too, with what it reads as
   * the reason; it is tolerated, and what was there is put back. */
  bool verified = false;
};

/* Makes a control group, to be undone; see GroupChange. */
struct GroupOperation {
  std::string folder, home, members;
};

/* Moves all members of one group into another, until no more can be moved. Undone when
 * that group is removed. from and to are files that list members. */
struct MoveAllOperation {
  std::string from, to;
  bool kernels_too; /* cgroup v1 may move threads of the kernel's own */
};

/* Moves a process or thread, to be undone; see MoveChange. */
struct MoveOperation {
  ThreadId process;
  std::string from, to;
  std::string scope = {}; /* of systemd, which is made for it; "": the group is there */
  /* That it has ended, or that the kernel keeps it, is told, and no failure. */
  bool may_stay = false;
};

/* Removes a control group that has no members any more, to be undone. */
struct RemoveGroupOperation {
  std::string folder;
  /* Its files, and their values, in the order in which a new one is to get them. */
  std::vector<std::pair<std::string, std::string>> values;
};

/* Writes a file; there is nothing to undo. */
struct ActOperation {
  std::string file, value;
};

using Operation = std::variant<SetOperation, GroupOperation, MoveAllOperation, MoveOperation,
                               RemoveGroupOperation, ActOperation>;

/* How an operation ended; one that failed otherwise ends the isolation. */
struct Outcome {
  enum class Kind {
    done,
    already, /* it was as asked */
    refused, /* and that is tolerated */
    gone     /* what it is of has gone meanwhile */
  };
  Kind kind = Kind::done;
  std::string before, now;          /* of a setting, without newlines */
  Error refusal;                    /* why */
  std::size_t moved = 0;            /* of MoveAllOperation */
  std::vector<std::string> unmoved; /* names of those that the kernel does not let move */
};

/* What is to be told of a step: a line each, without its name. */
using StepLines = std::vector<std::string>;

struct StepPlan {
  std::vector<Operation> operations;
  /* What was done, by the outcomes of all operations, in their order. */
  std::function<StepLines(const std::vector<Outcome> &)> tell;
};

/* A step's plan, or why the host does not allow the isolation that is asked for. What does
 * not apply to the host, or need not be done, is told, and no error. */
using PlanStep = std::function<Result<StepPlan>(const Host &host, const IsolationRequest &request,
                                                const JournalContent &journal)>;

struct Step {
  const char *name;
  const char *summary; /* for help: what it does */
  bool by_default;     /* or only when named */
  PlanStep plan;
};

} // namespace qemu_pin

#endif
