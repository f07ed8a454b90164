# For tools that know node-gyp only: hands over to the same CMake build that everything else uses.
{
  "targets": [
    {
      "target_name": "glocal",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "message": "Building the glocal addon with CMake",
          "inputs": ["CMakeLists.txt", "scripts/build-native.mjs"],
          "outputs": ["<(module_root_dir)/build/Release/glocal.node"],
          "action": ["node", "<(module_root_dir)/scripts/build-native.mjs"]
        }
      ]
    }
  ]
}
