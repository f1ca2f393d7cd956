// credential_process: a command that prints credentials.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/status.h"

namespace penstock::aws {

// Runs `command` by /bin/sh and reads what it prints: a document (credential_document.h) with Version 1. Its
// errors go to our stderr; nothing that it prints is part of a failure. Unauthenticated: it ended with
// another code than 0. InvalidData: it printed something else, or more than 64 KiB. Timeout: it took longer
// than `limit`. Cancelled. It is killed, with what it started, in the last three. Source: AWS SDKs and Tools
// Reference Guide, "Process credential provider".
Result<Credentials> RunCredentialProcess(const std::string& command,
                                         std::chrono::milliseconds limit = std::chrono::seconds(60),
                                         std::stop_token stop = {});

}  // namespace penstock::aws
