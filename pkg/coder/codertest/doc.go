// Package codertest emulates a primary deployment of Coder v1 and its
// satellites, in the manner of net/http/httptest. It keeps state, roles and a
// request log, takes time to build, answers like a server when it refuses, and
// fails on demand. It speaks what Coder's own command-line client speaks
// (coder-cli, v1.20 to v1.44); where no source tells, the comment says "chosen".
//
// Chosen, too, is what a role may do: whoever is logged in reads providers,
// users and organizations; members see and rebuild their own workspaces, an
// auditor sees all; site managers and admins rebuild all, and only they change
// providers and see or change satellites.
//
// It deliberately shares no types with package coder: the two are independent
// readings of the same facts.
package codertest
