package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// compile builds the plugin for a platform into the file named binary. It fixes everything that
// could differ between two machines: paths, version control, C, CPU levels, flags from the
// environment.
func compile(ctx context.Context, p platform, version string, from source, binary string) error {
	flags := []string{"-s", "-w", "-buildid=", "-X main.version=" + version, "-X main.commit=" + from.commit}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", strings.Join(flags, " "), "-o", binary, "./cmd/"+binaryName)
	cmd.Env = append(os.Environ(),
		"GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off",
		"GOAMD64=v1", "GOARM64=v8.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build for %s: %w\n%s", p, err, out)
	}
	return nil
}
