package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// downTimeout is the time after which a supervisor is killed.
const downTimeout = 30 * time.Second

// down ends a lab and removes its folder. A missing lab is not an error.
func down(dir string, out io.Writer) error {
	lab, err := layout.Load(dir)
	if errors.Is(err, os.ErrNotExist) {
		_, err = fmt.Fprintf(out, "there is no lab in %s\n", dir)
		return err
	}
	if err != nil {
		return err
	}
	if err := end(lab); err != nil {
		return err
	}
	if err := os.RemoveAll(lab.Dir); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "the lab is down")
	return err
}

// end ends a lab's supervisor, and with it everything that it started.
func end(lab *layout.Lab) error {
	if !alive(lab) {
		return nil
	}
	if err := syscall.Kill(lab.PID, syscall.SIGTERM); err != nil {
		return err
	}
	kill := time.NewTimer(downTimeout)
	defer kill.Stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for alive(lab) {
		select {
		case <-kill.C:
			if err := syscall.Kill(lab.PID, syscall.SIGKILL); err != nil {
				return err
			}
		case <-ticker.C:
		}
	}
	return nil
}

// alive reports whether the lab's supervisor is running. Another process with the same ID does
// not count.
func alive(lab *layout.Lab) bool {
	if lab.PID == 0 || syscall.Kill(lab.PID, 0) != nil {
		return false
	}
	commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", lab.PID))
	if err != nil {
		return runtime.GOOS != "linux" // other systems offer only the ID
	}
	return strings.Contains(string(commandLine), "serve\x00--dir\x00"+lab.Dir+"\x00")
}

// status prints the lab's state, and returns an error unless it is up.
func status(dir string, out io.Writer) error {
	lab, err := layout.Load(dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no lab in %s", dir)
	}
	if err != nil {
		return err
	}
	if !alive(lab) {
		return fmt.Errorf("the lab in %s is down: remove what is left of it with `coder-satellite-lab down --dir %s`", lab.Dir, dir)
	}
	if _, err := os.Stat(lab.Path("ready")); err != nil {
		return fmt.Errorf("the lab in %s is coming up", lab.Dir)
	}
	if _, err := fmt.Fprintf(out, "%s: up, primary %s of version %s\n", lab.Dir, lab.PrimaryURL, lab.PrimaryVersion); err != nil {
		return err
	}
	for _, region := range lab.Regions {
		if err := statusOf(region, lab, out); err != nil {
			return err
		}
	}
	return nil
}

// statusOf prints the addresses of a region's parts.
func statusOf(region layout.Region, lab *layout.Lab, out io.Writer) error {
	if region.Simple() {
		_, err := fmt.Fprintf(out, "  %s: API server %s, satellite %s, envproxy %s\n", region.Name, region.Server, region.AccessURL, region.EnvproxyURL)
		return err
	}
	satellite := "no satellite"
	if region.Context != "" {
		satellite = fmt.Sprintf("satellite %s in %s, API server %s", region.AccessURL, region.Context, lab.Cluster(region.Context).Server)
	}
	if _, err := fmt.Fprintf(out, "  %s: %s\n", region.Name, satellite); err != nil {
		return err
	}
	for _, provider := range region.Providers {
		path := "envproxy " + provider.EnvproxyURL
		if provider.BuiltIn {
			path = "through the primary"
		}
		_, err := fmt.Fprintf(out, "    provider %s: %s, in %s/%s, API server %s\n", provider.Name, path, provider.Context, provider.Namespace, lab.Cluster(provider.Context).Server)
		if err != nil {
			return err
		}
	}
	return nil
}
