package node

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// program is the process of a pod whose image the lab runs.
type program struct {
	command *exec.Cmd
	// folder holds what is mounted.
	folder string
	ended  chan struct{}
	// exit is how it ended; set before ended is closed.
	exit corev1.ContainerStateTerminated
	// asked is set when it was asked to end.
	asked bool
}

// launchProgram starts the pod's only container as a process on this machine: a binary in place of
// the image, which has an entrypoint and no command. Paths in its arguments and its environment
// that are below a mount lead to the pod's folder. Nobody restarts it.
func (a *Agent) launchProgram(pod *corev1.Pod, env environment, binary string) (*workload, error) {
	container := pod.Spec.Containers[0]
	if len(pod.Spec.Containers) != 1 || len(pod.Spec.InitContainers) != 0 || len(container.Command) != 0 || len(container.EnvFrom) != 0 ||
		pod.Spec.RestartPolicy != corev1.RestartPolicyNever {
		return nil, fmt.Errorf("the lab runs %s only as a pod's only container, with its own entrypoint, without envFrom and restarts", container.Image)
	}
	p := &program{folder: filepath.Join(a.options.Dir, string(pod.UID)), ended: make(chan struct{})}
	paths, err := env.mount(p.folder, container)
	if err != nil {
		return nil, err
	}
	log, err := a.logs.create(pod, filepath.Join(a.options.Dir, pod.Namespace+"_"+pod.Name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	expand := expansion.MappingFuncFor(env.values)
	p.command = exec.Command(binary)
	for _, argument := range container.Args {
		p.command.Args = append(p.command.Args, paths.inside(expansion.Expand(argument, expand)))
	}
	temporary := paths.inside("/tmp") // as the image has it; without a mount, it cannot be written
	p.command.Env = []string{"HOME=" + temporary, "TMPDIR=" + temporary, "PATH=", "SSL_CERT_FILE=" + a.options.CA}
	for name, value := range env.values {
		p.command.Env = append(p.command.Env, name+"="+paths.inside(value))
	}
	slices.Sort(p.command.Env[4:]) // of several with one name, the last counts
	p.command.Dir, p.command.Stdout, p.command.Stderr, p.command.SysProcAttr = p.folder, log, log, a.options.Process
	started := metav1.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.command.Wait()
		p.exit = corev1.ContainerStateTerminated{ExitCode: exitCode(p.command.ProcessState), Reason: "Completed", StartedAt: started, FinishedAt: metav1.Now()}
		if p.exit.ExitCode != 0 {
			p.exit.Reason = "Error"
		}
		close(p.ended)
		a.wake()
	}()
	return &workload{program: p, stop: p.kill}, nil
}

// exitCode is the code as container runtimes report it: 128 and its number for a signal.
func exitCode(state *os.ProcessState) int32 {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int32(status.Signal())
	}
	return int32(state.ExitCode())
}

func (p *program) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// condition is the pod's.
func (p *program) condition() condition {
	if p.hasEnded() {
		return condition{exit: &p.exit}
	}
	return condition{running: true, isReady: true}
}

// terminate asks the process to end, kills it once the grace period is over, and reports whether
// it has ended.
func (p *program) terminate(grace time.Duration) bool {
	if !p.asked && !p.hasEnded() {
		p.asked = true
		_ = p.command.Process.Signal(syscall.SIGTERM)
		go func() {
			timer := time.NewTimer(grace)
			defer timer.Stop()
			select {
			case <-p.ended:
			case <-timer.C:
				_ = p.command.Process.Kill()
			}
		}()
	}
	return p.hasEnded()
}

// kill ends the process at once, and removes its folder.
func (p *program) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
	_ = os.RemoveAll(p.folder)
}
