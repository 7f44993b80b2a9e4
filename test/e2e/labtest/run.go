package labtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sourced returns the environment of a shell that has sourced the file.
func sourced(ctx context.Context, file string) ([]string, error) {
	output, err := exec.CommandContext(ctx, "sh", "-c", `. "$1" && env -0`, "sh", file).Output()
	if err != nil {
		return nil, fmt.Errorf("%s cannot be sourced: %w", file, err)
	}
	return strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00"), nil
}

// Env returns the environment of a shell that has sourced the lab's env, with
// more variables ("NAME=value") set over it.
func (l *Lab) Env(more ...string) []string {
	return append(slices.Clone(l.env), more...)
}

// Getenv returns a variable of that environment; "" if it is not set.
func (l *Lab) Getenv(name string) string {
	for _, variable := range l.env {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}

// Command returns a command with the lab's environment, to be run in its
// folder. Its program is looked up in the lab's own PATH.
func (l *Lab) Command(ctx context.Context, program string, args ...string) (*exec.Cmd, error) {
	if !strings.ContainsRune(program, filepath.Separator) {
		found := ""
		for _, dir := range filepath.SplitList(l.Getenv("PATH")) {
			if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
				found = path
				break
			}
		}
		if found == "" {
			return nil, fmt.Errorf("%s is in no folder of the lab's PATH %s", program, l.Getenv("PATH"))
		}
		program = found
	}
	command := exec.CommandContext(ctx, program, args...)
	command.Env, command.Dir = l.Env(), l.Dir
	return command, nil
}

// Result is what became of a command.
type Result struct {
	Stdout, Stderr string
	// Code is the exit code.
	Code int
	// Took is how long it ran.
	Took time.Duration
}

// Run runs a program of the lab's PATH in the lab's environment, without a
// terminal, and returns how it ended. Only a program that cannot be run fails the test.
func (l *Lab) Run(t testing.TB, program string, args ...string) Result {
	t.Helper()
	return l.RunWith(t, nil, "", program, args...)
}

// RunWith is Run with more variables and with text on standard input.
func (l *Lab) RunWith(t testing.TB, more []string, stdin, program string, args ...string) Result {
	t.Helper()
	command, err := l.Command(t.Context(), program, args...)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(stdin), &stdout, &stderr
	command.Env = l.Env(more...)
	started := time.Now()
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", program, err)
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: command.ProcessState.ExitCode(), Took: time.Since(started)}
}

// Must is Run of what has to succeed; it returns the standard output.
func (l *Lab) Must(t testing.TB, program string, args ...string) string {
	t.Helper()
	result := l.Run(t, program, args...)
	if result.Code != 0 {
		t.Fatalf("%s %s: exit code %d\n%s%s", program, strings.Join(args, " "), result.Code, result.Stdout, result.Stderr)
	}
	return result.Stdout
}
