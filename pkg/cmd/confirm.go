package cmd

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// confirm asks a question on the error stream, and returns nil if the answer
// is yes. Without a terminal to ask at, it refuses.
func confirm(ctx context.Context, env Environment, question string) error {
	if !isTerminal(env.In) {
		return usagef("there is no terminal to ask at: look at the plan, then give --yes to go on without being asked")
	}
	_, _ = fmt.Fprintf(env.ErrOut, "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() { // may outlive a signal: reading a terminal cannot be ended
		line, _ := bufio.NewReader(env.In).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return &exitError{exitInterrupted, context.Cause(ctx)}
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return &exitError{exitFailed, fmt.Errorf("nothing was changed: the answer was not yes")}
	}
}

// question is what the operator is asked before regions are changed.
type question struct {
	text string
	// yes is set when --yes has answered it.
	yes bool
	// current is the current context if no other was named; empty otherwise.
	current string
}

// mayAct makes sure that the operator means these regions: by an answer, or by
// --yes with contexts that were named.
func mayAct(ctx context.Context, env Environment, q question) error {
	switch {
	case q.yes && q.current != "":
		return usagef("--yes takes contexts by name: give %s if you mean the current one", shell.Join("--context", q.current))
	case q.yes:
		return nil
	case q.current != "":
		return confirm(ctx, env, fmt.Sprintf("No context was named; the current one is %q. %s", q.current, q.text))
	default:
		return confirm(ctx, env, q.text)
	}
}
