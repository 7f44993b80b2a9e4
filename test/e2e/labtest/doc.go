// Package labtest lets tests run against a lab: a primary and regions on real
// Kubernetes API servers. It uses the lab's binary and the files that the lab
// leaves in its folder, and nothing else of it.
package labtest
