package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// confirm asks a question on the error stream, and returns nil for yes. Without a terminal it refuses.
func confirm(ctx context.Context, env Environment, question string) error {
	if !isTerminal(env.In) {
		return usagef("there is no terminal to ask at: give --yes to act without being asked")
	}
	_, _ = fmt.Fprintf(env.ErrOut, "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() { // may outlive a signal: reading a terminal cannot be ended
		line, _ := bufio.NewReader(env.In).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return interrupted(ctx)
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return errors.New("nothing was changed: the answer was not yes")
	}
}

// mayAct has the operator confirm the question, or accepts --yes if no current context stands in for a named one.
func mayAct(ctx context.Context, env Environment, question string, yes bool, current string) error {
	switch {
	case yes && current != "":
		return usagef("--yes needs the context by name: give %s if you mean the current one", shell.Join("--context", current))
	case yes:
		return nil
	case current != "":
		question = fmt.Sprintf("No context was named; the current one is %q. %s", current, question)
	}
	return confirm(ctx, env, question)
}
