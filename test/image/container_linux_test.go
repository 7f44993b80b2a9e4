package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// containerName is what this test's own binary is called when it is to become the container's process. Its arguments
// are the root, the folder for /tmp, the user and the group, then the command.
const containerName = "image-test-container"

// notAllowed is the container's exit code where this system forbids what a container engine does.
const notAllowed = 125

func TestMain(m *testing.M) {
	if os.Args[0] != containerName {
		m.Run()
		return
	}
	err := becomeContainer(os.Args[1:])
	fmt.Fprintln(os.Stderr, err)
	code := notAllowed + 1
	if errors.Is(err, os.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		code = notAllowed
	}
	os.Exit(code) //nolint:forbidigo // this process is the container, not the test
}

// becomeContainer does what a container engine does for a pod with readOnlyRootFilesystem, runAsNonRoot, no
// capabilities and no privilege escalation, and an emptyDir at /tmp. It returns only if something failed.
func becomeContainer(args []string) error {
	runtime.LockOSThread() // PR_SET_NO_NEW_PRIVS is set for the thread that calls exec
	dir, tmp, command := args[0], args[1], args[4:]
	uid, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	for _, mount := range []struct {
		source, target string
		flags          uintptr
	}{
		{"", "/", unix.MS_REC | unix.MS_PRIVATE},
		{dir, dir, unix.MS_BIND},
		{"", dir, unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV},
		{tmp, dir + "/tmp", unix.MS_BIND},
		{"", dir + "/tmp", unix.MS_BIND | unix.MS_REMOUNT | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	} {
		if err := unix.Mount(mount.source, mount.target, "", mount.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", mount.target, err)
		}
	}
	if err := errors.Join(unix.Chroot(dir), unix.Chdir("/")); err != nil {
		return fmt.Errorf("chroot: %w", err)
	}
	// Still root here, so nothing but the mount refuses. From here on, errors of files are not wrapped: they mean a
	// broken image, never a system that does not allow it.
	if err := os.WriteFile("/probe", nil, 0o600); !errors.Is(err, unix.EROFS) {
		return fmt.Errorf("the root file system is not read-only: writing gave %q", fmt.Sprint(err))
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(gid), syscall.Setuid(uid)); err != nil {
		return fmt.Errorf("become user %d: %w", uid, err)
	}
	if err := os.WriteFile("/tmp/.probe", nil, 0o600); err != nil {
		return fmt.Errorf("user %d cannot write to /tmp: %s", uid, err.Error())
	}
	if err := os.Remove("/tmp/.probe"); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	err = syscall.Exec(command[0], command, os.Environ())
	return fmt.Errorf("run %s: %s", command[0], err.Error())
}

// result is how a command ended in the container.
type result struct {
	code           int
	stdout, stderr string
}

// runContainer runs the image's entrypoint with the arguments, as the image's user, in its environment and env. It has
// no network at all. The test is skipped where this system does not allow it.
func runContainer(t *testing.T, image v1.Image, tmp string, env []string, args ...string) result {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("running the image needs root, to make namespaces and a read-only root")
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	user, group, _ := strings.Cut(file.Config.User, ":")
	dir := unpack(t, image)
	before := list(t, dir)
	var stdout, stderr bytes.Buffer
	cmd := &exec.Cmd{
		Path:        self,
		Args:        append(append([]string{containerName, dir, tmp, user, group}, file.Config.Entrypoint...), args...),
		Env:         append(append([]string{}, file.Config.Env...), env...),
		Stdout:      &stdout,
		Stderr:      &stderr,
		SysProcAttr: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC},
	}
	err = cmd.Run()
	if errors.Is(err, os.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		t.Skipf("this system allows no namespaces, so the image was not run: %v", err)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	switch code := cmd.ProcessState.ExitCode(); code {
	case notAllowed:
		t.Skipf("this system does not allow it, so the image was not run: %s", stderr.String())
	case notAllowed + 1, -1:
		t.Fatalf("the image did not run (%s): %s", cmd.ProcessState, stderr.String())
	}
	if diff := cmp.Diff(before, list(t, dir)); diff != "" {
		t.Errorf("files were written outside /tmp (-before +after):\n%s", diff)
	}
	t.Logf("%v: exit code %d\n%s%s", args, cmd.ProcessState.ExitCode(), stdout.String(), stderr.String())
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// TestRunsAsNonRoot runs the image as a hardened pod does. No cluster and no primary answers: there is no network.
func TestRunsAsNonRoot(t *testing.T) {
	tag, index := built(t)
	image := imageFor(t, index, runtime.GOARCH)

	version := runContainer(t, image, volume(t), nil, "version")
	if version.code != 0 || !strings.Contains(version.stdout, tag) {
		t.Errorf("version: exit code %d, want 0 and %s", version.code, tag)
	}

	tmp := volume(t)
	const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: sydney, cluster: {server: "https://192.0.2.1:6443"}}]
users: [{name: operator, user: {token: not-a-token}}]
contexts: [{name: sydney, context: {cluster: sydney, user: operator}}]
`
	save(t, kubeconfig, tmp, "kubeconfig")
	env := []string{"KUBECONFIG=/tmp/kubeconfig", "CODER_URL=https://192.0.2.2", "CODER_TOKEN=not-a-token"}
	status := runContainer(t, image, tmp, env, "status", "--context", "sydney")
	if status.code != 1 {
		t.Errorf("status: exit code %d, want 1: a check failed", status.code)
	}
	for _, text := range []string{"cluster-reachable", "primary-version", "1 of 1 region unhealthy: sydney"} {
		if !strings.Contains(status.stdout, text) {
			t.Errorf("status did not print %q", text)
		}
	}
	for _, text := range []string{"panic", "read-only file system", "permission denied", "not-a-token"} {
		if strings.Contains(status.stdout+status.stderr, text) {
			t.Errorf("status printed %q", text)
		}
	}
	t.Logf("in /tmp afterwards: %v", list(t, tmp))
}

// volume is a folder that everybody may write to, as an emptyDir is.
func volume(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "volume")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	return dir
}
