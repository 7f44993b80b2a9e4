package main

import (
	"bytes"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
)

// checks is the page about the checks of `status`, `plan` and `migrate`.
func checks() []byte {
	var list, details bytes.Buffer
	for _, check := range health.All() {
		info := check.Info
		asked := "status"
		if info.Preflight {
			asked = "preflight"
			if inStatus(info.ID) {
				asked = "status, preflight"
			}
		}
		fmt.Fprintf(&list, "| [%s](#%s) | %s | %s | %s | %s |\n", info.ID, info.ID, info.Category, info.Severity, asked, info.Question)
		fmt.Fprintf(&details, "\n## %s\n\n*%s*\n\n%s\n", info.ID, info.Question, info.Explanation)
	}
	return []byte(generated + "# Checks\n\n" +
		"What `status` asks of every region, and the preflight of `plan` and of the verbs that change something. The same text is\n" +
		"printed by [`explain`](reference/explain.md). IDs never change. A check whose severity is Warning fails nothing; an answer that\n" +
		"could not be found out is unknown, and never a pass.\n\n" +
		"| check | about | severity | asked by | question |\n|---|---|---|---|---|\n" + list.String() + details.String())
}

func inStatus(id string) bool {
	for _, check := range health.Status() {
		if check.Info.ID == id {
			return true
		}
	}
	return false
}
