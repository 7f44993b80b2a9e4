package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// source identifies the sources that the binaries were built from.
type source struct {
	// commit is the last commit that changed the content of an archive. A commit that changes
	// only plugins/ or docs/ therefore leaves the archives unchanged, so the manifest can be
	// committed after the commit that it describes.
	commit string
	// time is that commit's time, and the time of every file in an archive.
	time time.Time
}

// inputs are the paths whose content goes into an archive.
func inputs() []string { return []string{"cmd", "pkg", "go.mod", "go.sum", "LICENSE", ".go-version"} }

// readSource asks git. It warns if the archives will differ from a release's.
func readSource(ctx context.Context, log io.Writer) (source, error) {
	var existing []string
	for _, path := range inputs() {
		if _, err := os.Stat(path); err == nil {
			existing = append(existing, path)
		}
	}
	last, err := git(ctx, append([]string{"log", "-1", "--format=%H %ct", "--"}, existing...)...)
	if err != nil {
		return source{}, err
	}
	hash, seconds, _ := strings.Cut(last, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return source{}, errors.New("no commit holds the sources yet: commit first, since archives carry the commit and its time")
	}
	changes, err := git(ctx, append([]string{"status", "--porcelain", "--"}, existing...)...)
	if err != nil {
		return source{}, err
	}
	if changes != "" {
		hash += "-dirty"
		fmt.Fprintf(log, "warning: sources differ from commit %s; do not publish these archives\n", hash)
	}
	wanted, err := os.ReadFile(".go-version")
	if err != nil {
		return source{}, err
	}
	if want := "go" + strings.TrimSpace(string(wanted)); runtime.Version() != want {
		fmt.Fprintf(log, "warning: built with %s; releases are built with %s, and their bytes differ\n", runtime.Version(), want)
	}
	return source{commit: hash, time: time.Unix(unix, 0).UTC()}, nil
}

func git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(string(out)), nil
}
