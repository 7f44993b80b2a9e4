// Command coder-satellite-lab runs a lab: a primary deployment of Coder v1 and
// regions on real Kubernetes API servers, on this machine's loopback.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/supervisor"
)

func main() {
	if filepath.Base(os.Args[0]) == "kubectl" {
		os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
	}
	if len(os.Args) < 2 {
		os.Exit(supervisor.Usage(os.Stderr))
	}
	part := os.Args[1]
	own := append([]string{part}, os.Args[2:]...)
	switch part {
	case "kubectl":
		os.Args = own
		os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
	case "etcd":
		etcdmain.Main(own)
	case "kube-apiserver":
		os.Args = own
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Args = own
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	default:
		if err := supervisor.Command(part, os.Args[2:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "error: "+err.Error())
			os.Exit(1)
		}
	}
}
