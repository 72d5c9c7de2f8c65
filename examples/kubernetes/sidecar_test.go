package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// The manifest of the proxy as a sidecar: every field is one that Kubernetes knows, and its parts fit together.
func TestX3_SidecarManifest(t *testing.T) {
	content, err := os.ReadFile("../../deploy/sidecar.yaml")
	require.NoError(t, err)
	documents := bytes.Split(content, []byte("\n---\n"))
	require.Len(t, documents, 2)
	var configuration corev1.ConfigMap
	var deployment appsv1.Deployment
	require.NoError(t, yaml.UnmarshalStrict(documents[0], &configuration))
	require.NoError(t, yaml.UnmarshalStrict(documents[1], &deployment))
	pod := deployment.Spec.Template.Spec
	require.Equal(t, deployment.Spec.Selector.MatchLabels, deployment.Spec.Template.Labels)
	require.Len(t, pod.InitContainers, 1)
	sidecar := pod.InitContainers[0]
	require.Equal(t, corev1.ContainerRestartPolicyAlways, *sidecar.RestartPolicy, "otherwise it would have to end before the program begins")
	require.Equal(t, []string{"proxy", "--config", "/etc/alf/proxy.json"}, sidecar.Args)
	require.Equal(t, *sidecar.SecurityContext.RunAsUser, *pod.SecurityContext.FSGroup)

	var proxy struct {
		Listeners []struct{ Address string }
		Health    string `json:"health_address"`
		Admin     string `json:"admin_address"`
		DrainTime string `json:"drain_time"`
		Client    struct {
			Secret string `json:"client_secret_file"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(configuration.Data["proxy.json"]), &proxy))
	drain, err := time.ParseDuration(proxy.DrainTime)
	require.NoError(t, err)
	require.Equal(t, "0.0.0.0:8481", proxy.Health)
	for _, probe := range []*corev1.Probe{sidecar.StartupProbe, sidecar.ReadinessProbe, sidecar.LivenessProbe} {
		require.Equal(t, 8481, probe.HTTPGet.Port.IntValue())
	}
	require.Equal(t, "/readyz", sidecar.StartupProbe.HTTPGet.Path)
	require.Equal(t, "/readyz", sidecar.ReadinessProbe.HTTPGet.Path)
	require.Equal(t, "/livez", sidecar.LivenessProbe.HTTPGet.Path)
	require.Greater(t, time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second, drain+time.Second)
	require.Equal(t, "http://"+proxy.Listeners[0].Address, pod.Containers[0].Env[0].Value)

	// What is mounted exists.
	volumes := map[string]corev1.Volume{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = v
	}
	for _, m := range sidecar.VolumeMounts {
		require.Contains(t, volumes, m.Name)
	}
	require.Equal(t, configuration.Name, volumes["configuration"].ConfigMap.Name)
	require.EqualValues(t, 0o440, *volumes["secret"].Secret.DefaultMode, "in octal, for the group of fsGroup")
	var mounts []string
	for _, m := range sidecar.VolumeMounts {
		mounts = append(mounts, m.MountPath)
	}
	require.Contains(t, mounts, path.Dir(proxy.Client.Secret))
	require.Contains(t, mounts, path.Dir(sidecar.Args[2]))
	require.Contains(t, mounts, path.Dir(strings.TrimPrefix(proxy.Admin, "unix:")), "the file system is read-only elsewhere")
}
