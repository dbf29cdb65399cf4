"""What Pillow 9.4 makes of one picture: python3 test/golden/pil-transforms.py, with python3-pil and python3-numpy.

Maps are those that torchvision hands to Pillow (torchvision.transforms.functional, _get_inverse_affine_matrix)."""
import json, math, random, struct, sys
from pathlib import Path
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

random.seed(4)
W, H = 31, 22
picture = Image.new('RGB', (W, H))
for y in range(H):
    for x in range(W):
        noise = random.randrange(40)
        picture.putpixel((x, y), ((x * 8 + noise) % 256, (y * 11 + x) % 256, min(255, (x - 10) ** 2 + noise)))
for x in range(4):
    picture.putpixel((x, 0), ((0, 0, 0), (255, 255, 255), (255, 0, 0), (10, 20, 255))[x])
grey = picture.convert('L')

out = {'picture': picture, 'grey': grey}
filters = {'nearest': Image.NEAREST, 'bilinear': Image.BILINEAR, 'bicubic': Image.BICUBIC}
for name, f in filters.items():
    for w, h in ((10, 7), (45, 50), (31, 9), (64, 22)):
        out[f'resize {name} {h} {w}'] = picture.resize((w, h), f)
    out[f'resize grey {name} 12 12'] = grey.resize((12, 12), f)
    out[f'crop {name} 5 3 20 16 9 13'] = picture.crop((5, 3, 25, 19)).resize((13, 9), f)

def inverse(center, angle, translate, scale, shear):
    rot, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(rot - sy) / math.cos(sy)
    b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    m = [x / scale for x in (d, -b, 0.0, -c, a, 0.0)]
    (cx, cy), (tx, ty) = center, translate
    m[2] += m[0] * (-cx - tx) + m[1] * (-cy - ty)
    m[5] += m[3] * (-cx - tx) + m[4] * (-cy - ty)
    return m[:2] + [m[2] + cx] + m[3:5] + [m[5] + cy]

for name in ('nearest', 'bilinear'):
    for angle in (-137.5, -30, 7.25, 45, 100):
        out[f'rotate {name} {angle}'] = picture.rotate(angle, filters[name], fillcolor=(50, 50, 50))
    for p in ((20, 3, -4, 0.8, 10, -15), (-75.5, 0, 2, 1.3, 0, 30), (0, 5, -3, 1, 0, 0), (0, 0, 0, 1, 17.5, 0), (0, 0, 0, 0.5, 0, 0)):
        m = inverse((W * 0.5, H * 0.5), p[0], p[1:3], p[3], p[4:6])
        out[f'affine {name} ' + ' '.join(map(str, p))] = picture.transform((W, H), Image.AFFINE, m, filters[name])

enhance = {'brightness': ImageEnhance.Brightness, 'contrast': ImageEnhance.Contrast, 'saturation': ImageEnhance.Color, 'sharpness': ImageEnhance.Sharpness}
for name, e in enhance.items():
    for factor in (0, 0.37, 0.9, 1, 1.25, 1.99):
        out[f'{name} {factor}'] = e(picture).enhance(factor)
    out[f'{name} grey 0.6'] = e(grey).enhance(0.6)
for shift in (-0.5, -0.1, 0, 0.03, 0.31, 0.5):
    h, s, v = picture.convert('HSV').split()
    moved = (np.array(h, np.int32) + np.int32(shift * 255)).astype(np.uint8)
    out[f'hue {shift}'] = Image.merge('HSV', (Image.fromarray(moved, 'L'), s, v)).convert('RGB')
for bits in (2, 4, 8):
    out[f'posterize {bits}'] = ImageOps.posterize(picture, bits)
for threshold in (0, 85, 136.0, 255):
    out[f'solarize {threshold}'] = ImageOps.solarize(picture, threshold)
dull = picture.point(lambda v: 60 + v // 3)
out['dull'] = dull
out['autoContrast dull'] = ImageOps.autocontrast(dull)
out['equalize dull'] = ImageOps.equalize(dull)
out['equalize'] = ImageOps.equalize(picture.resize((93, 66)))
out['equalize large'] = picture.resize((93, 66))

header, data = {}, b''
for name, image in out.items():
    raw = image.tobytes()
    shape = [image.height, image.width, len(image.getbands())]
    header[name] = {'dtype': 'U8', 'shape': shape, 'data_offsets': [len(data), len(data) + len(raw)]}
    data += raw
text = json.dumps(header).encode()
text += b' ' * (-len(text) % 8)
Path(__file__).with_suffix('.safetensors').write_bytes(struct.pack('<Q', len(text)) + text + data)
print(len(data))
